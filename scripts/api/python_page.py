"""Write the page of the Python package, from its docstrings: `python_page.py ROOT FOLDER`.

It has the names of `cdktf_dask.__all__`. Fails if one of them, a parameter or an attribute has no
description. griffe reads the source without importing it, so Dask need not be installed.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import griffe

INTRODUCTION = """What `import cdktf_dask` has, from its docstrings: written by `npm run docs:api`. The
environment that `npx cdktf-dask client` makes has the package. The ways to a cluster are described in
[docs/connecting.md](../connecting.md)."""

Sections = list[griffe.DocstringSection]
"""Parsed parts of a docstring."""


def main(root: Path, folder: Path) -> None:
    """Write the page."""
    package = griffe.load("cdktf_dask", search_paths=[root / "python" / "src"], docstring_parser="google")
    assert isinstance(package, griffe.Module)
    names = sorted(map(str, package.exports or []), key=lambda name: (name[0].isupper(), name))
    sections = [section for name in names for section in page_of(package, name)]
    text = "\n\n".join(["# Python", INTRODUCTION, *sections])
    (folder / "python.md").write_text(f"{text}\n")


def page_of(package: griffe.Module, name: str) -> list[str]:
    """Return what the page has about a function or class."""
    found = target_of(package[name])
    parsed = found.docstring.parsed if found.docstring else []
    texts = [section.value for section in parsed if section.kind is griffe.DocstringSectionKind.text]
    if not texts:
        sys.exit(f"{found.path} has no description")
    parts = [f"## {name}", *texts]
    for section in parsed:
        if section.kind is griffe.DocstringSectionKind.admonition and section.value.kind == "example":
            code = re.sub(r"^(>>>|\.\.\.) ?", "", section.value.contents, flags=re.MULTILINE)
            parts.append(f"```python\nimport cdktf_dask\n\n{code}\n```")
    if isinstance(found, griffe.Function):
        parts += [
            f"```python\n{signature(found)}\n```",
            parameters(package, found, parsed),
            returns(found),
        ]
        parts += [raises(parsed)]
    elif isinstance(found, griffe.Class):
        parts += [f"Extends {', '.join(f'`{base}`' for base in found.bases)}.", *attributes(found)]
    return parts


def target_of(found: griffe.Object | griffe.Alias) -> griffe.Object:
    """Return what an import stands for."""
    target = found.final_target if isinstance(found, griffe.Alias) else found
    assert isinstance(target, griffe.Object)
    return target


def signature(function: griffe.Function) -> str:
    """Return the signature, a line for each parameter."""
    lines: list[str] = []
    for parameter in function.parameters:
        if parameter.kind is griffe.ParameterKind.keyword_only and "    *," not in lines:
            lines.append("    *,")
        variadic = parameter.kind is griffe.ParameterKind.var_keyword
        default = "" if variadic or parameter.default is None else f" = {parameter.default}"
        stars = "**" if variadic else ""
        lines.append(f"    {stars}{parameter.name}: {parameter.annotation}{default},")
    return "\n".join([f"{function.name}(", *lines, f") -> {function.returns}"])


def parameters(package: griffe.Module, function: griffe.Function, parsed: Sections) -> str:
    """Return the table of the parameters."""
    listed = [section.value for section in parsed if section.kind is griffe.DocstringSectionKind.parameters]
    described = {item.name: item.description for items in listed for item in items}
    missing = [parameter.name for parameter in function.parameters if parameter.name not in described]
    if missing:
        sys.exit(f"{function.path}: no description of {', '.join(missing)}")
    rows = [
        (f"`{parameter.name}`", f"`{alias(package, function, parameter)}`", described[parameter.name])
        for parameter in function.parameters
    ]
    return table(("Parameter", "Type", "Description"), rows)


def alias(package: griffe.Module, function: griffe.Function, parameter: griffe.Parameter) -> str:
    """Return the type of a parameter, with the value of a type alias of this package."""
    name = str(parameter.annotation)
    path = function.module.resolve(name) if name.isidentifier() and name in function.module.members else ""
    if not path.startswith(f"{package.path}."):
        return name
    target = package[path.removeprefix(f"{package.path}.")]
    return str(target.value) if isinstance(target, griffe.Attribute) else name


def returns(function: griffe.Function) -> str:
    """Return what a function returns: the description of its class."""
    result = function.module[str(function.returns)]
    if not result.docstring:
        sys.exit(f"{result.path} has no description")
    bases = ", ".join(f"`{base}`" for base in result.bases)
    return f"Returns a `{result.name}` (extends {bases}): {result.docstring.value}"


def raises(parsed: Sections) -> str:
    """Return the list of errors."""
    listed = [section.value for section in parsed if section.kind is griffe.DocstringSectionKind.raises]
    return "\n".join(
        f"- Raises `{item.annotation}`: {item.description}" for items in listed for item in items
    )


def attributes(found: griffe.Class) -> list[str]:
    """Return the table of the attributes; those of a base of this package are in its section."""
    rows = []
    for name, attribute in found.members.items():
        if not isinstance(attribute, griffe.Attribute):
            continue
        inherited = any(name in base.members for base in found.resolved_bases)
        if not attribute.docstring and not inherited:
            sys.exit(f"{attribute.path} has no description")
        if attribute.docstring:
            rows.append((f"`{name}`", attribute.docstring.value))
    return [table(("Attribute", "Description"), rows)] if rows else []


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    cells = [header, tuple("---" for _ in header), *rows]
    lines = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
