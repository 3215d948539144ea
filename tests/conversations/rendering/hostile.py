"""Texts that try to get something alive onto the page, and a judge of what came out."""

from html.parser import HTMLParser
from typing import override
from urllib.parse import urlsplit

_HANDLERS = ("onclick", "onerror", "onload", "onmouseover", "onfocus", "ontoggle")
_HTMX = (
    *("hx-get", "hx-post", "hx-put", "hx-delete", "hx-patch", "hx-trigger", "hx-swap"),
    *("hx-on:click", "hx-on::load", "hx-vals", "hx-headers", "hx-ext", "hx-boost"),
    *("hx-include", "hx-target", "hx-select-oob", "hx-swap-oob", "data-hx-get"),
    *("data-hx-on:click", "data-hx-trigger", "ws-connect", "ws-send", "sse-connect"),
    *("_", "x-data", "@click", "v-html", "data-action", "data-copy", "data-part"),
)
_TAGS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.test/x.js></sCrIpT>",
    "<script\n>alert(1)</script\n>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.test/?q=1'>",
    "<img srcset='https://evil.test/ 1x'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src=//evil.test/x.swf>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<link rel=dns-prefetch href=//evil.test>",
    "<style>@import '//evil.test/x.css';</style>",
    "<style>*{background:url(//evil.test)}</style>",
    "<meta http-equiv=refresh content='0;url=//evil.test'>",
    "<base href=//evil.test/>",
    "<form action=//evil.test><input name=q><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<details open ontoggle=alert(1)>",
    "<video poster=//evil.test/x.png><source onerror=alert(1)></video>",
    "<audio src=//evil.test/x.mp3 autoplay>",
    "<body background=//evil.test onload=alert(1)>",
    "<table background='//evil.test'><td>x",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='https://h.test' onclick=alert(1)>x</a>",
    "<a id=x name=y>x</a>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<p class='danger'>x</p>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xmp><script>alert(1)</script></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><script>alert(1)</script></title>",
    "<select><style></select><script>alert(1)</script>",
    "<frameset onload=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex action=javascript:alert(1)>",
    "<portal src=//evil.test>",
    "<custom-element onclick=alert(1)>x</custom-element>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "</p><script>alert(1)</script>",
    "</div></section></article><script>alert(1)</script>",
    "<figure class=code data-language='x' onclick=alert(1)>",
    "<code class='language-x' data-grow onclick=alert(1)>x</code>",
    "<input type=checkbox onclick=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
)
_URLS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "javascript&colon;alert(1)",
    "java&#x09;script:alert(1)",
    "&#106;avascript:alert(1)",
    "\x01javascript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "file:///etc/passwd",
    "blob:https://h.test/1",
    "filesystem:https://h.test/1",
    "ftp://h.test/",
    "//evil.test/x",
    "/accounts/logout/",
    "?delete=1",
    "#x",
    "view-source:https://h.test",
    "ws://evil.test/",
    "intent://evil.test#Intent;end",
    'https://h.test/"onmouseover=alert(1)//',
    "https://h.test/'onmouseover='alert(1)",
    "https://h.test/<script>alert(1)</script>",
    "https://h.test/%22onmouseover=alert(1)",
    "https://user@evil.test:80/\\x",
    'mailto:a@h.test"onclick=alert(1)',
    "https:javascript:alert(1)",
    "http:///evil.test",
)
_MARKDOWN = (
    '```"><script>alert(1)</script>\nx\n```\n',
    '```python" onclick="alert(1)\nx\n```\n',
    "```<img src=x onerror=alert(1)>\nx\n",
    "~~~html onmouseover=alert(1)\n<script>alert(1)</script>\n~~~\n",
    "```mermaid\ngraph TD; A[<img src=x onerror=alert(1)>]\n```\n",
    "```svg\n<svg onload=alert(1)>\n```\n",
    "```html\n</code></pre><script>alert(1)</script>\n```\n",
    "```language-x hx-get=/x\nx\n```\n",
    "    </code></pre><script>alert(1)</script>\n",
    "`</code><script>alert(1)</script>`\n",
    '[a](https://h.test "\\"onclick=alert(1) x=\\"")\n',
    "[a](https://h.test '\"><script>alert(1)</script>')\n",
    '[a"onclick=alert(1)]: https://h.test\n\n[a"onclick=alert(1)]\n',
    "[a]: javascript:alert(1)\n\n[a] ![a]\n",
    '[a]: https://h.test "\'><script>alert(1)</script>"\n\n[a]\n',
    '![a"onerror="alert(1)](https://evil.test/x.png)\n',
    '![a](https://evil.test/x.png "\\" onerror=alert(1)")\n',
    "![<script>alert(1)</script>](https://evil.test/x.png)\n",
    "[![a](https://evil.test/x.png)](https://evil.test/?q=1)\n",
    '<https://h.test/"onclick=alert(1)>\n',
    "<javascript:alert(1)>\n",
    'https://h.test/"onclick=alert(1)\n',
    "https://h.test/'><script>alert(1)</script>\n",
    "| <script>alert(1)</script> |\n|:-:|\n| <img src=x onerror=alert(1)> |\n",
    '| a |\n|:"onclick=alert(1):|\n',
    '- [ ] <img src=x onerror=alert(1)>\n- [x" onclick=alert(1)] b\n',
    '[^"onclick=alert(1)]: a\n\n[^"onclick=alert(1)]\n',
    "[^<script>alert(1)</script>]: <script>alert(1)</script>\n",
    "a[^1]\n\n[^1]: <img src=x onerror=alert(1)>\n",
    "$\\text{<script>alert(1)</script>}$\n",
    "$$\n\\text{</math><img src=x onerror=alert(1)>}\n$$\n",
    "$\\href{javascript:alert(1)}{x}$\n",
    "$\\style{background:url(//evil.test)}{x}$\n",
    "$\\class{danger}{x} \\id{y}{z}$\n",
    '$\\color{red" onclick="alert(1)}{x}$\n',
    "$\\unicode{<script>}$ \\(<img src=x onerror=alert(1)>\\)\n",
    "\\[ \\htmlData{hx-get=/x}{<script>alert(1)</script>} \\]\n",
    "$$\n<script>alert(1)</script>\n",
    "$<img src=x onerror=alert(1)>{$\n",
    "\ufdd0d\\text{<script>}\ufdd1 \ufdd0ix\ufdd1\n",
    "&#xfdd0;d<script>alert(1)</script>&#xfdd1;\n",
    '[a](https://h.test/\ufdd0dx\ufdd1 "\ufdd0dx\ufdd1")\n',
    '[a$x$](https://h.test "$x$") ![$x$](https://h.test/$x$)\n',
    "<scr\0ipt>alert(1)</scr\0ipt>\n",
    "\ud800<script>alert(1)</script>\n",
    "# <script>alert(1)</script>\n<script>alert(1)</script>\n===\n",
    "> <script>alert(1)</script>\n> - <img src=x onerror=alert(1)>\n",
    "*<script>*alert(1)*</script>*\n",
    "<scr**ipt**>alert(1)\n",
)

PAYLOADS = [
    *_TAGS,
    *(f"<div {name}='alert(1)'>x</div>\n" for name in (*_HANDLERS, *_HTMX)),
    *(f"[x](https://h.test){{{name}=/x}} <a {name}=/x>\n" for name in _HTMX[:6]),
    *(f"[x]({url})\n" for url in _URLS),
    *(f"![x](<{url}>)\n" for url in _URLS),
    *(f"[x]\n\n[x]: {url}\n\n[x] <{url}>\n" for url in _URLS),
    *_MARKDOWN,
]

_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title", "rel", "target"},
    "ul": {"dir"},
    "ol": {"start", "dir"},
    "blockquote": {"dir"},
    "table": {"dir"},
    "th": {"align"},
    "td": {"align"},
    "input": {"type", "disabled", "checked", "aria-label"},
    "figure": {"class", "data-language"},
    "figcaption": {"data-part"},
    "button": {"type", "data-copy", "aria-label"},
    "pre": {"tabindex"},
    "code": {"class", "data-grow"},
    "div": {"class", "tabindex", "data-grow"},
    **{tag: {"data-grow"} for tag in ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6")},
}
_WITH_CLASS = {"li", "section", "sup", "span"}
_BARE = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("em", "strong", "s", "thead", "tbody", "tr"),
}
_MATH = {
    *("mrow", "mi", "mo", "mn", "mtext", "mspace", "msqrt", "mroot", "mfrac", "msub"),
    *("msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
    *("mstyle", "mpadded", "menclose", "mphantom"),
}
_MATH_FORBIDDEN = {"href", "xlink:href", "style", "class", "id", "src", "actiontype"}


def _is_note(tag: str, attributes: dict[str, str | None]) -> bool:
    """Whether it is a part of the number that leads to a source of the answer."""
    if tag == "sup":
        return attributes == {"class": "cite", "data-part": "aside"}
    number = attributes.get("data-note") or ""
    leads = {"href": f"#note-{number}", "data-note": number}
    named = {**leads, "aria-label": f"Source {number}"}
    return tag == "a" and number.isdecimal() and attributes == named


class Judge(HTMLParser):
    """Collects what stands on a page and should not."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._in_math = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "math":
            self._in_math += 1
        if self._in_math:
            self._judge_math(tag, dict(attrs))
        elif tag not in _ATTRIBUTES.keys() | _WITH_CLASS | _BARE:
            self.faults.append(f"<{tag}>")
        else:
            self._judge(tag, dict(attrs))

    @override
    def handle_endtag(self, tag: str) -> None:
        self._in_math -= tag == "math"

    @override
    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}")

    @override
    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}")

    @override
    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}")

    def _judge(self, tag: str, attributes: dict[str, str | None]) -> None:
        if _is_note(tag, attributes):
            return
        strangers = attributes.keys() - _ATTRIBUTES.get(tag, set())
        strangers -= {"class"} if tag in _WITH_CLASS else set()
        self.faults += [f"{tag} {name}" for name in strangers]
        if tag == "a":
            url = attributes.get("href") or ""
            rel = set((attributes.get("rel") or "").split())
            if urlsplit(url).scheme not in {"http", "https", "mailto"}:
                self.faults.append(f"a href={url}")
            if not rel >= {"noopener", "noreferrer", "nofollow"}:
                self.faults.append(f"a rel={rel}")

    def _judge_math(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag != "math" and tag not in _MATH:
            self.faults.append(f"math <{tag}>")
        bad = {name for name in attributes if name.startswith(("on", "hx", "data"))}
        bad |= attributes.keys() & _MATH_FORBIDDEN
        self.faults += [f"math {tag} {name}" for name in bad]


def faults(markup: str) -> list[str]:
    """Return the elements and attributes that no message may have."""
    judge = Judge()
    judge.feed(markup)
    judge.close()
    return judge.faults
