"""HTML that nothing in a knowledge file can break out of: Markdown rendered without HTML, templates escaped."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:  # imported where the first page is made: few processes make one
    from jinja2 import Environment
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SCHEMES = frozenset({"http", "https", "mailto"})
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def html(markdown: str) -> Markup:
    """
    Markdown as HTML. HTML in it is shown as text, pictures are not loaded.

    Only links to http, https and mailto, and relative ones, lead anywhere. A placeholder (`{taken_on}`) is set apart.
    """
    return Markup(_markdown().render(markdown))  # noqa: S704  # the renderer escapes everything that is not its own


def render(template: str, **values: Any) -> str:
    """One of `templates/`, with every value escaped that is not `Markup` already; a missing value is an error."""
    return _templates().get_template(template).render(**values)


def text(plain: str) -> Markup:
    """Plain text, escaped; a placeholder is set apart here too."""
    from markdown_it.common.utils import escapeHtml

    return Markup(_PLACEHOLDER.sub(_set_apart, escapeHtml(plain)))  # noqa: S704  # escaped in the same line


def _set_apart(found: re.Match[str]) -> str:
    return f"<var>{found[1].replace('_', ' ')}</var>"


def _text(_: Any, tokens: Sequence["Token"], place: int, *__: Any) -> str:
    return text(tokens[place].content)


def _link(renderer: Any, tokens: Sequence["Token"], place: int, options: Any, env: Mapping[str, Any]) -> str:
    link = tokens[place]
    if not _leads_somewhere(str(link.attrs.get("href", ""))):
        del link.attrs["href"]
    return str(renderer.renderToken(tokens, place, options, env))


def _leads_somewhere(url: str) -> bool:
    scheme = _SCHEME.match(url)
    return scheme is None or scheme[1].lower() in _SCHEMES


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    made.add_render_rule("text", _text)
    made.add_render_rule("link_open", _link)
    return made


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cds_service"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
