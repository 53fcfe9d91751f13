"""`datanectar completion`: the script that lets a shell complete commands, artifacts and targets."""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ZshComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

VARIABLE = "_DATANECTAR_COMPLETE"

_LINES = {
    "bash": ("~/.bashrc", 'eval "$(datanectar completion bash)"'),
    "zsh": ("~/.zshrc, below compinit", 'eval "$(datanectar completion zsh)"'),
    "fish": ("~/.config/fish/config.fish", "datanectar completion fish | source"),
}

# Bash splits words at ":", "=" and "@", which targets, parameters and aliases are written with, and replaces only what
# stands behind the last of them. So the whole line is handed over, and what bash leaves standing is not said again.
_BASH = """\
%(complete_func)s() {
    local kind value
    COMPREPLY=()
    while IFS=',' read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("$value")
                [[ $value == *[:=./] ]] && compopt -o nospace ;;
        esac
    done < <(_DATANECTAR_LINE="${COMP_LINE:0:COMP_POINT}" _DATANECTAR_BREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

# Click's own has zsh put a space behind "module:" and "param=", where more is to come.
_ZSH = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local kind value word line
    local -a open whole shown_open shown_whole
    for kind value word in "${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \
            %(complete_var)s=zsh_complete $words[1] 2>/dev/null)}"; do
        line=$value
        [[ $word == _ ]] || line="$value  -- $word"
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain)
                if [[ $value == *[:=./] ]]; then
                    open+=("$value") shown_open+=("$line")
                else
                    whole+=("$value") shown_whole+=("$line")
                fi ;;
        esac
    done
    (( $#open )) && compadd -U -l -V open -S '' -d shown_open -a open
    (( $#whole )) && compadd -U -l -V whole -d shown_whole -a whole
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


class _Bash(BashComplete):
    source_template = _BASH
    _standing = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["_DATANECTAR_LINE"]
        words = split_arg_string(line)
        incomplete = "" if line[-1:].isspace() else words.pop()
        ends = (_end(incomplete, sign) for sign in os.environ.get("_DATANECTAR_BREAKS", ""))
        self._standing = incomplete[: max(ends, default=0)]
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type},{item.value.removeprefix(self._standing)}"


class _Zsh(ZshComplete):
    source_template = _ZSH

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type}\n{item.value}\n{item.help or '_'}"


def _end(word: str, sign: str) -> int:
    """Where what is left standing ends; readline takes an "@" for the start of a word, not for its end."""
    return word.rfind(sign) + (sign != "@")


def register() -> None:
    """Has click answer bash and zsh in our way."""
    add_completion_class(_Bash)
    add_completion_class(_Zsh)


@click.command()
@click.argument("shell", type=click.Choice(sorted(_LINES)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that has a shell complete commands, artifacts, targets and their parameters."""
    register()
    kind = get_completion_class(shell)
    assert kind is not None
    file, line = _LINES[shell]
    script = kind(context.find_root().command, {}, "datanectar", VARIABLE).source()
    click.echo(f"{script.rstrip()}\n\n# To have it in every shell, put this line into {file}:\n#   {line}")
