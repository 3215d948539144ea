"""The languages that are coloured: their lexers were tried with what takes them long.

Pygments has lexers whose expressions need time exponential in a text, and while one of
these is matched nothing else runs in this process. `manage.py blowups --languages`
tries those of this list (Scala is not in it: a quote and thirty backslashes stop it
for hours); code in any other language is shown without colours.
"""

COLOURED = frozenset(
    {
        *("abap", "ada", "apacheconf", "arduino", "asm", "awk", "bash", "bat"),
        *("bibtex", "c", "clojure", "cmake", "cobol", "coffeescript", "common-lisp"),
        *("console", "cpp", "crystal", "csharp", "css", "cuda", "cypher", "d", "dart"),
        *("diff", "django", "docker", "doscon", "elixir", "elm", "emacs-lisp"),
        *("erb", "erlang", "fortran", "fsharp", "gas", "gdscript", "gherkin"),
        *("glsl", "go", "graphql", "groovy", "handlebars", "haskell", "haxe"),
        *("hlsl", "html", "html+django", "html+erb", "html+jinja", "html+php"),
        *("http", "ini", "irb", "java", "javascript", "json", "json5"),
        *("jsonld", "jsonnet", "jsx", "julia", "kotlin", "less", "llvm", "lua"),
        *("make", "markdown", "mathematica", "matlab", "mysql", "nasm"),
        *("nginx", "nim", "nix", "objective-c", "ocaml", "pascal", "perl"),
        *("php", "plpgsql", "postgresql", "powershell", "prolog", "properties"),
        *("protobuf", "ps1con", "psql", "purescript", "pycon", "pytb"),
        *("python", "qml", "r", "racket", "rbcon", "rconsole", "rst", "ruby"),
        *("rust", "sass", "scheme", "scss", "solidity", "sparql", "sql"),
        *("sqlite3", "swift", "systemverilog", "tcl", "terraform", "tex"),
        *("thrift", "toml", "tsx", "turtle", "typescript", "vb.net", "verilog"),
        *("vhdl", "vim", "vue", "wat", "xml", "yaml", "zig"),
    }
)
