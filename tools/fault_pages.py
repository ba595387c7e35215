"""The pages of docs/errors."""
import fnmatch
import re

from faults import LANGUAGES, TABLES

KIND_AT_SITE = re.compile(r"ErrorKind::(\w+)\s*[,:;]?\s*(?:\{|\(|Message\{)?\s*(?:\w+::)*message::(\w+)")

WORDS = {
    "en": {
        "index": "Errors", "code": "Code", "kind": "Kind", "status": "HTTP status", "exit": "Exit code", "again": "Again?",
        "meaning": "Meaning", "page": "Page", "cause_code": "Fault", "wire": "As the host says it", "why": "Why", "what": "What to do",
        "evidence": "Evidence", "text": "Text", "own": "Watari's own errors",
        "no": "no", "later": "later", "look": "after looking",
        "of_change": "a change: {kind} ({status}, {exit})", "waits": "waiting helps", "waits_not": "waiting does not help",
        "made": "<!-- Made by tools/generate_faults.py from data/faults and data/messages. -->",
        "about": """Every error has a stable `code`, a `kind`, and a text in English and Japanese. The kind says what can be done
about it; the HTTP status of the API and the exit code of `watari` follow from it. Where a host, or the way to it, gave a code of its
own, the error carries that number (`peer_code`), the host's words (`peer_text`) and `fault`, the row of these tables it matched (in logs:
`cause=`).

In the API an error is `application/problem+json`: `type` is `urn:watari:error:` and the code, `cause` and `remedy` say why and what to
do. `watari` prints the error, then the cause, then the remedy after an arrow, each on a line of its own. An operation that was
accepted and failed later ends `watari` with exit code 8, one that was not awaited to its end with 7.

A change whose end nobody saw is never repeated blindly: its kind is `outcome_unknown`, and Watari looks at the host first.""",
        "own_about": "Errors that no host had a part in, and errors of the network. The text says what happened, and what to do about it.",
        "evidence_about": """Evidence: [S] published specification, [R] recorded answer of a real host, [C] code that is used against real
hosts, [I] reported in an issue, UNVERIFIED: nobody we read confirms it. Sections are those of the protocol digest.""",
    },
    "ja": {
        "index": "エラー", "code": "コード", "kind": "種類", "status": "HTTP ステータス", "exit": "終了コード", "again": "再試行",
        "meaning": "意味", "page": "ページ", "cause_code": "フォールト", "wire": "ホストの表現", "why": "原因", "what": "対処",
        "evidence": "根拠", "text": "メッセージ", "own": "Watari 自身のエラー",
        "no": "しない", "later": "後で", "look": "結果を確認してから",
        "of_change": "変更の場合: {kind}（{status}、{exit}）", "waits": "待てば解消することがあります", "waits_not": "待っても解消しません",
        "made": "<!-- data/faults と data/messages から tools/generate_faults.py が作ります。 -->",
        "about": """どのエラーにも、変わらない `code`、種類 `kind`、英語と日本語のメッセージがあります。種類は何ができるかを示し、API の HTTP ステータスと
`watari` の終了コードは種類で決まります。ホスト、またはホストまでの経路が独自のコードを返した場合、エラーにはその番号 (`peer_code`)、ホストのメッセージ
(`peer_text`)、そして `fault`（以下の表で一致した行。ログでは `cause=`）が付きます。

API のエラーは `application/problem+json` です。`type` は `urn:watari:error:` とコードで、`cause` と `remedy` が原因と対処を示します。`watari` は
エラー、原因、矢印に続く対処を、それぞれ 1 行に表示します。受け付けた後に失敗した操作では `watari` の終了コードは 8、終わりまで待たなかった場合は 7 です。

結果を確認できなかった変更を、確認せずに繰り返すことはありません。種類は `outcome_unknown` となり、Watari はまずホストの状態を調べます。""",
        "own_about": "ホストが関わらないエラーと、ネットワークのエラーです。メッセージに、起きたことと対処が書かれています。",
        "evidence_about": """根拠: [S] 公開された仕様、[R] 実際のホストの応答の記録、[C] 実際のホストに使われているコード、[I] 課題での報告、UNVERIFIED: 確認した資料なし。
節番号はプロトコル要約のものです。""",
    },
}


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def file_name(name, language):
    return f"{name}.md" if language == "en" else f"{name}.{language}.md"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return lines + ["| " + " | ".join(cell(text) for text in row) + " |" for row in rows]


def number_text(number):
    return f"{number} (0x{number:08X})" if number > 0xFFFF else str(number)


def wire(row):
    parts = []
    if row.numbers:
        parts.append(", ".join(number_text(number) for number in row.numbers))
    if row.status:
        parts.append(", ".join(f"HTTP {status}" for status in row.status))
    if row.subcode:
        parts.append(f"`{row.subcode}`" + (f" {row.detail}" if row.detail else ""))
    if row.cim:
        parts.append(f"CIM status {row.cim}")
    if row.krb5:
        parts.append(", ".join(row.krb5))
    if row.native:
        parts.append(row.native)
    if row.methods:
        parts.append(", ".join(row.methods))
    return "; ".join(parts) or "–"


def kind_line(faults, rows, words):
    row = rows[0]
    lines = []
    kind = faults.kinds[row.read]
    text = f"{words['kind']}: `{row.read}` · {words['status']}: {kind['status']} · {words['exit']}: {kind['exit']} · " \
           f"{words['again']} {words[kind['again']]}"
    if row.read == "exhausted":
        text += f" ({words['waits'] if row.retry else words['waits_not']})"
    lines.append(text)
    if row.change != row.read:
        change = faults.kinds[row.change]
        lines[0] += " · " + words["of_change"].format(kind=f"`{row.change}`", status=change["status"], exit=change["exit"])
    return lines


def table_page(faults, name, messages, language):
    words = WORDS[language]
    source = faults.tables[name]
    lines = [f"# {source['title'][language]}", "", words["made"], "", source["about"][language], "", words["evidence_about"], ""]
    groups = {}
    for row in faults.rows:
        if row.table == name:
            groups.setdefault((row.code, row.read, row.change, bool(row.retry)), []).append(row)
    seen = set()
    for (code, *_), rows in groups.items():
        if code not in seen:
            lines += [f"## `{code}`", "", messages[language][code][1], ""]
            seen.add(code)
        lines += kind_line(faults, rows, words) + [""]
        has_cause = any(row.cause for row in rows)
        head = [words["cause_code"], words["wire"], *([words["why"]] if has_cause else []), words["what"], words["evidence"]]
        lines += table(head, [[f"`{row.name}`", wire(row), *([row.cause[language] if row.cause else ""] if has_cause else []),
                               row.remedy[language], row.evidence] for row in rows])
        lines.append("")
    return "\n".join(lines)


def kinds_of_own(faults, messages, root):
    """By code: of own.json, and next to the message where an Error is made."""
    kinds = {}
    for kind, patterns in faults.own.items():
        for pattern in patterns:
            for code in fnmatch.filter(messages["en"], pattern):
                kinds.setdefault(code, set()).add(kind)
    for path in sorted((root / "src").rglob("*.[ch]pp")):
        if not path.name.endswith("_test.cpp"):
            for kind, code in KIND_AT_SITE.findall(path.read_text(encoding="utf-8")):
                kinds.setdefault(code, set()).add(kind)
    return kinds


def own_page(faults, messages, language, kinds):
    words = WORDS[language]
    in_tables = {row.code for row in faults.rows}
    rows = []
    for code, (_, text) in sorted(messages[language].items()):
        if code in in_tables or code not in kinds:
            continue
        found = [kind for kind in faults.kinds if kind in kinds[code]]
        rows.append([f"`{code}`", ", ".join(f"`{kind}`" for kind in found),
                     ", ".join(dict.fromkeys(str(faults.kinds[kind]["status"]) for kind in found)),
                     ", ".join(dict.fromkeys(str(faults.kinds[kind]["exit"]) for kind in found)), text])
    head = [words["code"], words["kind"], words["status"], words["exit"], words["text"]]
    return "\n".join([f"# {words['own']}", "", words["made"], "", words["own_about"], "", *table(head, rows), ""])


def index_page(faults, language):
    words = WORDS[language]
    lines = [f"# {words['index']}", "", words["made"], "", words["about"], ""]
    lines += table([words["kind"], words["meaning"], words["status"], words["exit"], words["again"]],
                   [[f"`{kind}`", entry[language], str(entry["status"]), str(entry["exit"]), words[entry["again"]]]
                    for kind, entry in faults.kinds.items()])
    lines += [""]
    lines += table([words["page"], words["code"]],
                   [[f"[{faults.tables[name]['title'][language]}]({file_name(name, language)})",
                     ", ".join(f"`{code}`" for code in dict.fromkeys(row.code for row in faults.rows if row.table == name))]
                    for name in TABLES] + [[f"[{words['own']}]({file_name('own', language)})", "–"]])
    return "\n".join([*lines, ""])


def pages(faults, messages, root):
    kinds = kinds_of_own(faults, messages, root)
    made = {}
    for language in LANGUAGES:
        made[file_name("README", language)] = index_page(faults, language)
        made[file_name("own", language)] = own_page(faults, messages, language, kinds)
        for name in TABLES:
            made[file_name(name, language)] = table_page(faults, name, messages, language)
    return made
