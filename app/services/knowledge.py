"""Articles and macros as people edit them: what is in force, what is proposed over it, each step, and what a search would find. Knows no page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.errors import NotAllowed, NotFound
from app.i18n import _, language
from app.services.approved import Unreadable, parse_macro_text
from app.services.desk import KNOWLEDGE_FOLDER
from app.services.edit_rules import Rules, open_paragraphs
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.identity import Actor
    from app.workspace import ItemKind, Proposal, ProposalHead, ProposedText
    from llm.knowledge import Article, Hit, Knowledge
    from llm.types import Macro

FOUND = 5
LANGUAGES = ("en", "zh-Hans")


@dataclass(frozen=True)
class Item:
    """An article in one language, or a macro in all of its own. `cited` counts the drafts that cite it, in either language.

    `edition` is 0 for the committed text, None before any is in force. `is_outdated`: the article's other language was changed since; `is_alone`: it has no other language; `is_unreadable`: the newest can't be read.
    """

    kind: ItemKind
    item_id: str
    title: str
    language: str
    edition: int | None
    proposal_count: int
    is_outdated: bool
    is_alone: bool
    cited: int
    is_unreadable: bool


@dataclass(frozen=True)
class Edition:
    """A text that is or was in force; the committed one, 0, has no proposal."""

    edition: int
    text: str
    proposal: Proposal | None


def items() -> list[Item]:
    """Every article and macro in force and every new one that is proposed: what wants attention first, then by kind and id."""
    proposals = get_runtime().workspace.proposals
    heads = [each for each in proposals.heads() if each.kind != "rule"]
    waiting = Counter((each.kind, each.item_id) for each in heads if each.status == "draft")
    approved = sorted((each for each in heads if each.edition is not None), key=lambda each: each.edition or 0)
    cited, outdated = _cited(), _outdated([each for each in approved if each.kind == "article"])
    known = _titles(get_runtime().desk.knowledge)
    broken = {(each.kind, each.item_id) for each in unreadable()}
    edition_of = dict.fromkeys(known, 0) | {(each.kind, each.item_id): each.edition for each in approved}
    for kind, item_id in broken:
        known.setdefault((kind, item_id), (item_id, ""))
    for kind, item_id in waiting:
        known.setdefault((kind, item_id), (item_id, item_id.rpartition(".")[2] if kind == "article" else ""))
    found = [
        Item(
            kind=kind,
            item_id=item_id,
            title=title,
            language=tags,
            edition=edition_of.get((kind, item_id)),
            proposal_count=waiting[kind, item_id],
            is_outdated=kind == "article" and item_id in outdated,
            is_alone=kind == "article" and (kind, other_language(item_id)) not in known,
            cited=cited[item_id.rpartition(".")[0]] if kind == "article" else 0,
            is_unreadable=(kind, item_id) in broken,
        )
        for (kind, item_id), (title, tags) in sorted(known.items())
    ]
    return sorted(found, key=lambda item: not (item.is_unreadable or item.proposal_count or item.is_outdated))


def _titles(knowledge: Knowledge) -> dict[tuple[ItemKind, str], tuple[str, str]]:
    """Title and languages by kind and item id; a macro's title is its text, in the reader's language where it has that."""
    found: dict[tuple[ItemKind, str], tuple[str, str]] = {
        ("article", item_id_of(article)): (article.title, article.language) for article in knowledge.articles
    }
    for macro in knowledge.macros:
        title, tags = found.get(("macro", macro.macro_id), ("", ""))
        title = macro.text if not title or macro.language == language() else title
        found["macro", macro.macro_id] = (title, f"{tags}, {macro.language}".strip(", "))
    return found


def item_id_of(article: Article) -> str:
    """An article's id with its language, as its file is named."""
    return f"{article.article_id}.{article.language}"


def item_of(cite: str, language: str) -> str:
    """The id of the article, in a language, that a cite names."""
    return f"{cite.removeprefix('article:').rpartition('#')[0]}.{language}"


def other_language(item_id: str) -> str:
    """The same article in the other language that the desk writes."""
    name, _dot, language = item_id.rpartition(".")
    return f"{name}.{LANGUAGES[language == LANGUAGES[0]]}"


def editions(kind: ItemKind, item_id: str) -> list[Edition]:
    """Every text that is or was in force, newest first; the last is the committed one, if there is one."""
    approved = [p for p in get_runtime().workspace.proposals.all(kind=kind, item_id=item_id) if p.edition is not None]
    found = [Edition(each.edition or 0, each.text, each) for each in approved]
    found.sort(key=lambda each: -each.edition)
    committed = committed_text(kind, item_id)
    return [*found, Edition(0, committed, None)] if committed else found


def in_force(kind: ItemKind, item_id: str) -> Edition:
    """The newest edition; one of number 0 with an empty text for an item that is only proposed."""
    return next(iter(editions(kind, item_id)), Edition(0, "", None))


def unreadable() -> tuple[Unreadable, ...]:
    """The approved texts that can't be read, each with the edition that stays in force."""
    return get_runtime().desk.approved.unreadable()


def read_in_force(kind: ItemKind, item_id: str) -> Edition:
    """The edition that is said: the newest that can be read; one with an empty text where there is none."""
    broken = next((each for each in unreadable() if (each.kind, each.item_id) == (kind, item_id)), None)
    if broken is None:
        return in_force(kind, item_id)
    said = (each for each in editions(kind, item_id) if each.edition == broken.instead)
    return next(said, Edition(0, "", None))


def committed_text(kind: ItemKind, item_id: str) -> str:
    """The text of the files; '' for an item that they don't hold. A macro stands alone, as TOML."""
    import tomli_w

    if kind == "macro":
        entry = _committed_macros().get(item_id)
        return tomli_w.dumps(entry) if entry else ""
    name = KNOWLEDGE_FOLDER / "articles" / f"{item_id}.md"
    known = {path.name: path for path in name.parent.glob("*.md")}  # an id is no path
    return known[name.name].read_text(encoding="utf-8") if name.name in known else ""


def waiting(kind: ItemKind, item_id: str) -> list[Proposal]:
    """What is proposed for an item, last changed first."""
    return get_runtime().workspace.proposals.all(kind=kind, item_id=item_id, status="draft")


def rejected(kind: ItemKind, item_id: str) -> list[Proposal]:
    """What was rejected, last decided first."""
    return get_runtime().workspace.proposals.all(kind=kind, item_id=item_id, status="rejected")


def texts(proposal: Proposal) -> list[ProposedText]:
    """The texts that a proposal has had, oldest first."""
    return get_runtime().workspace.proposals.texts(proposal.proposal_id)


def wrote(proposal: Proposal, actor: Actor) -> bool:
    """Whether one of its texts is the actor's."""
    return actor.actor_id in {text.actor_id for text in texts(proposal)}


def propose(kind: ItemKind, item_id: str, text: str, reason: str, base_edition: int, actor: Actor) -> Proposal:
    """Puts a text up for approval. Raises KnowledgeError, NotAllowed for a text that breaks a rule, StaleProposal."""
    from app.workspace import NewProposal

    checked(kind, item_id, text)
    return get_runtime().workspace.proposals.create(NewProposal(kind, item_id, text, reason, base_edition), actor)


def edit(proposal: Proposal, text: str, reason: str, base_edition: int, actor: Actor) -> Proposal:
    """A new text in the place of the proposal's. Raises as `propose`."""
    checked(proposal.kind, proposal.item_id, text)
    return get_runtime().workspace.proposals.edit(
        proposal.proposal_id, proposal.version, actor, text=text, reason=reason, base_edition=base_edition
    )


def approve(proposal: Proposal, reason: str, actor: Actor) -> Proposal:
    """Puts exactly this version in force, in every session at once. Raises as `propose`, and NotAllowed for who wrote in it."""
    made = checked(proposal.kind, proposal.item_id, proposal.text)
    if not isinstance(made, list) and (unwritten := open_paragraphs(made)):
        raise NotAllowed(
            "Paragraph {n} still stands in square brackets: write it, then have it approved.", n=unwritten[0]
        )
    return get_runtime().workspace.proposals.approve(proposal.proposal_id, proposal.version, actor, reason=reason)


def reject(proposal: Proposal, reason: str, actor: Actor) -> Proposal:
    """Puts the proposal away. Raises NotAllowed without a reason, StaleProposal."""
    return get_runtime().workspace.proposals.reject(proposal.proposal_id, proposal.version, actor, reason=reason)


def restore(kind: ItemKind, item_id: str, edition: int, actor: Actor) -> Proposal:
    """An older edition as a new proposal. Raises as `propose`, and NotFound."""
    known = {each.edition: each for each in editions(kind, item_id)}
    if edition not in known:
        raise NotFound("{item} has no edition {n}.", item=item_id, n=edition)
    return propose(kind, item_id, known[edition].text, _("Restored from edition {n}", n=edition), max(known), actor)


def checked(kind: ItemKind, item_id: str, text: str) -> Article | list[Macro]:
    """What the text is, if it keeps every rule. Raises KnowledgeError, NotAllowed."""
    rules = Rules(get_runtime().desk.knowledge, *_figures())
    return rules.article(item_id, text) if kind == "article" else rules.macro(item_id, text)


def parsed(kind: ItemKind, item_id: str, text: str) -> Article | list[Macro]:
    """What a text in force is, its rules left aside. Raises KnowledgeError."""
    from llm.knowledge import parse_article

    return parse_article(text, item_id) if kind == "article" else parse_macro_text(text, item_id)


def found(question: str, language: str, proposed: tuple[ItemKind, str, str] | None = None) -> list[Hit]:
    """The passages that the search gives for a question; with a `proposed` text (kind, item id, text) as if it were in force.

    Raises KnowledgeError, NotAllowed for a text that breaks a rule.
    """
    desk = get_runtime().desk
    knowledge: Knowledge = desk.knowledge
    if proposed is not None:
        checked(*proposed)
        knowledge = desk.approved.with_text(proposed)
    return knowledge.search(question, language, FOUND, desk.encoder)


def _outdated(approved: Sequence[ProposalHead]) -> set[str]:
    """Articles whose other language was changed and that have not followed; a change of one that had to follow marks nothing."""
    marked: set[str] = set()
    for proposal in sorted(approved, key=lambda each: each.updated_at):
        if proposal.item_id in marked:
            marked.remove(proposal.item_id)
        else:
            marked.add(other_language(proposal.item_id))
    return marked


def _cited() -> Counter[str]:
    """How many of the drafts cite each article."""
    counts: Counter[str] = Counter()
    for sentences in get_runtime().workspace.drafts.sentences():
        cites = {str(cite) for sentence in sentences for cite in sentence["cites"]}
        counts.update({c.removeprefix("article:").rpartition("#")[0] for c in cites if c.startswith("article:")})
    return counts


@cache
def _committed_macros() -> dict[str, dict[str, object]]:
    from llm.taxonomy import read_toml

    folder = KNOWLEDGE_FOLDER / "macros"
    return {str(entry["id"]): entry for path in sorted(folder.glob("*.toml")) for entry in read_toml(path)["macro"]}


@cache
def _figures() -> tuple[Sequence[Mapping[str, object]], Sequence[Mapping[str, object]]]:
    """The entries of limits.toml and of clauses.toml."""
    from llm.taxonomy import read_toml

    return read_toml(KNOWLEDGE_FOLDER / "limits.toml")["limit"], read_toml(KNOWLEDGE_FOLDER / "clauses.toml")["clause"]
