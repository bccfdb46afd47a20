"""The words by which a claim is checked, for the languages claims may be written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stages.summarization.words import stem


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """What a language marks sense with.

    reporting: stems a report may add by itself. licences: those of them that need a reason in the
    evidence. relations: words that relate facts, with those any of which the evidence must have.
    personal: words of somebody speaking, out of place in a report. intent: words about what
    somebody means to do, near enough to a future.
    """

    spaced: bool
    reporting: frozenset[str]
    licences: Mapping[str, re.Pattern[str]]
    relations: Mapping[str, frozenset[str]]
    personal: frozenset[str]
    calendar: frozenset[str]
    qualifier: re.Pattern[str]
    negation: re.Pattern[str]
    future: re.Pattern[str]
    intent: re.Pattern[str]
    doubt: re.Pattern[str]
    condition: re.Pattern[str]
    asking: re.Pattern[str]
    group: re.Pattern[str]
    suggestion: re.Pattern[str]
    suggests: re.Pattern[str]
    third_person: re.Pattern[str]
    past: re.Pattern[str]
    past_said: re.Pattern[str]
    others_said: re.Pattern[str]
    passive: frozenset[str]
    first_person: re.Pattern[str]
    reach: int
    says: re.Pattern[str]
    quantity: re.Pattern[str]
    quantifiers: re.Pattern[str]


def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(stem(w, language) for w in text.split())


def _relations(*groups: str) -> dict[str, frozenset[str]]:
    """Each word with all of its group."""
    return {word: frozenset(group.split()) for group in groups for word in group.split()}


_SUGGESTING = re.compile(
    r"\b(?:could|should|would|let's|why don't|why not|suggest|suggestion|propos\w*|recommend\w*"
    r"|maybe|perhaps|"
    r"what about|how about|better|rather|might|idea|i'd)\b"
)
_WANTING = re.compile(
    r"\b(?:want\w*|like|rather|prefer|wish|hope|hoping|need|love|should|ask\w*)\b"
)
_NEEDING = re.compile(
    r"\b(?:need|needs|needed|must|has to|have to|should|required?|got to|gotta)\b"
)

ENGLISH = ClaimWords(
    spaced=True,
    reporting=_stems(
        "say says said report reported mention note explain explained state stated add added "
        "describe "
        "point pointed tell told talk suggest suggested propose proposed recommend ask asked "
        "wonder "
        "think believe feel want prefer need speaker team group meeting participant "
        "remark express clarify currently according",
        "en",
    )
    - {stem("add", "en")},
    licences={
        **dict.fromkeys(_stems("suggest propose recommend", "en"), _SUGGESTING),
        **dict.fromkeys(_stems("want prefer", "en"), _WANTING),
        **dict.fromkeys(_stems("need", "en"), _NEEDING),
        **dict.fromkeys(
            _stems("ask wonder", "en"),
            re.compile(r"\?|\bi(?:'d like to)? ask|\bi wonder|\bplease\b|\bcan you|\bcould you"),
        ),
        **dict.fromkeys(
            _stems("feel think believe", "en"), re.compile(r"\b(?:i|we)\b|\b(?:think|feel|believe)")
        ),
    },
    relations=_relations(
        "because cause since due reason as",
        "before",
        "after once when",
        "until till unless",
        "only just",
        "all every everybody everyone everything each always whole",
        "most mostly",
        "more",
        "less fewer",
        "without",
        "except",
        "instead rather",
        "although though but however despite while",
        "again",
        "both two",
        "already",
        "almost nearly",
        "still yet",
        "never",
        "nobody none no",
        "everywhere",
        "per a an each every",
        "against",
        "between",
        "under below",
        "over above",
        "several many lot lots",
    ),
    personal=frozenset(
        "i i'm i'll i've i'd me my mine myself you your yours you're you'll we we're we've we'll "
        "we'd us our ours let's lets".split()
    ),
    calendar=frozenset(
        "monday tuesday wednesday thursday friday saturday sunday january february march april "
        "june july "
        "august september october november december today tomorrow yesterday tonight weekend "
        "christmas "
        "easter spring summer autumn winter morning afternoon evening noon midnight".split()
    ),
    qualifier=re.compile(
        r"\b(?:about|around|roughly|almost|nearly|approximately|at least|at most|up to|more than"
        r"|less than|over|under|"
        r"maybe|probably|close to|some|only|just|fewer than|between|or)\b",
        re.IGNORECASE,
    ),
    negation=re.compile(
        r"n't\b|\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|hardly|barely"
        r"|unable|lack\w*|missing)\b"
    ),
    future=re.compile(r"\b(?:will|shall|won't)\b|'ll\b|\b(?:going to|gonna|about to)\b"),
    intent=re.compile(r"\b(?:plan\w*|to|let's|should|must|would|could|next|can)\b"),
    doubt=re.compile(
        r"\b(?:might|may|maybe|could|would|should|perhaps|probably|possibly|guess|suppose|think"
        r"|believe|thinks|believes|"
        r"thought|suggest\w*|propos(?:e|es|ed|ing)|recommend\w*|rather|prefer\w*|estimat\w*"
        r"|seem\w*|likely|sure|unsure|wonder\w*|"
        r"expect\w*|hope\w*|want\w*|like to|whether|if|claims?|according|felt|feels?|feel)\b|'d\b"
    ),
    condition=re.compile(
        r"\b(?:if|unless|in case|provided|as long as|as soon as|depend\w*|when|once|until|till"
        r"|before|except)\b"
    ),
    asking=re.compile(r"\b(?:ask\w*|wonder\w*|whether|question\w*|if)\b|\?"),
    group=re.compile(r"\bwe\b", re.IGNORECASE),
    suggestion=re.compile(r"\b(?:let's|let us|shall we)\b", re.IGNORECASE),
    suggests=re.compile(
        r"\b(?:(?:suggest|propos|recommend)(?:s|ed|es|ing)|should|could|might|may|would)\b"
    ),
    third_person=re.compile(r"\b(?:they|them|their|theirs|he|him|his|she|her)\b", re.IGNORECASE),
    past=re.compile(r"\b(?:was|were|had|did|wasn't|weren't|hadn't|didn't)\b"),
    past_said=re.compile(
        r"\b(?:was|were|had|did|been|wasn't|weren't|hadn't|didn't|went|got|came|made|took|said"
        r"|told|gave|saw|found|thought|"
        r"lost|left|sent|built|bought|brought|kept|held|met|paid|ran|sold|spent|wrote|chose"
        r"|broke|fell|grew|knew|rose|"
        r"began|became|felt|heard|led|meant|stood|understood|won|\w{2,}ed)\b|'d\b"
    ),
    others_said=re.compile(
        r"\b(?:they|he|she|people|customers|users|clients|somebody|someone|everybody|nobody) "
        r"(?:also )?"
        r"(?:said|say|says|told|asked|think|thinks|thought|believe|believes|claim|claims|claimed"
        r"|want|wants|wanted)\b"
    ),
    passive=frozenset("be been being is are was were".split()),
    first_person=re.compile(r"\b(?:I(?=[\s'’])|My (?=suggestion|proposal|recommendation))"),
    reach=2,
    says=re.compile(
        r"\s+(?:also |then |further )?(?:said|says|reported|reports|mentioned|mentions|noted"
        r"|notes|explained|explains|"
        r"stated|states|added|adds|described|pointed|points|suggested|suggests|proposed|proposes"
        r"|recommended|recommends|"
        r"asked|asks|wondered|wonders|told|remarked|asking)\b",
        re.IGNORECASE,
    ),
    quantity=re.compile(
        r"\b(?:most|some|half|few|several|only|hardly|nearly|almost|roughly|sometimes|often"
        r"|usually|mostly|about|around|"
        r"at least|at most|up to|more than|less than|part|a third|a quarter|many)\b(?P<of>(?: "
        r"[\w'-]+){1,4})"
    ),
    quantifiers=re.compile(
        r"\b(?:most|some|half|few|several|only|hardly|nearly|almost|roughly|sometimes|often"
        r"|usually|mostly|about|around|"
        r"at least|at most|up to|more than|less than|part|third|quarter|many|approximately|just)\b"
    ),
)
"""'like', 'if' and 'whether' count as doubt kept, for a report may word it so."""

CHINESE = ClaimWords(
    spaced=False,
    reporting=frozenset(
        "表示 认为 建议 提出 提到 指出 说明 询问 希望 说 讨论 会议 团队 发言人 说话人 报告 介绍 "
        "强调 需要 补充 觉得 "
        "目前 进行 他们 他 她 其".split()
    ),
    licences={
        "建议": re.compile(r"建议|应该|可以|要不|不如|吧|想法|倾向|提议"),
        "提出": re.compile(r"建议|应该|可以|要不|不如|吧|想法|提议|问|吗|？"),
        "询问": re.compile(r"吗|呢|？|问|什么|怎么|谁"),
        "希望": re.compile(r"希望|想|要"),
        "需要": re.compile(r"需要|要|得|必须"),
    },
    relations=_relations(
        "因为 由于 原因 所以 因此",
        "之前 以前 前",
        "之后 以后 后",
        "只 只有 仅 仅仅",
        "所有 全部 都 大家 每",
        "大部分 大多数",
        "除了 除",
        "已经",
        "仍 仍然 还 还是",
        "再次 又 再",
        "从不 从来 从未",
        "没有 没 无 未 不",
        "但 但是 不过 然而 可是 虽然",
        "或 或者",
        "几乎 差不多 近",
        "同意 赞成",
        "决定 确定 定",
        "拒绝",
        "批准",
    ),
    personal=frozenset("我 我们 你 你们 咱们 您 我的 我方".split()),
    calendar=frozenset(),
    qualifier=re.compile(r"大概|大约|约|左右|差不多|接近|超过|至少|最多|不到|近|只有|将近|可能"),
    negation=re.compile(r"不(?!过|仅|但|错|断|同)|没(?!问题)|无(?!论)|未|别(?!的|人)|难以"),
    future=re.compile(r"将(?!近)|会(?!议|后|上)|打算|计划|要(?!求|是|不)"),
    intent=re.compile(r"可以|准备|应该|需要|决定|建议|再|下|明|之前|希望|定"),
    doubt=re.compile(
        r"可能|也许|大概|应该|建议|觉得|认为|如果|要是|差不多|或许|好像|似乎|估计|希望|以为|倾向"
        r"|不如|想|可以"
    ),
    condition=re.compile(r"如果|要是|的话|除非|一旦|只要|若|当|时|等"),
    asking=re.compile(r"吗|呢|是否|询问|问|？|\?|如何|什么"),
    group=re.compile(r"我们|咱们"),
    suggestion=re.compile(r"吧(?:[，。！]|$)|要不|不如"),
    suggests=re.compile(r"建议|提出|提议"),
    third_person=re.compile(r"他们|她们|他(?!们)|她(?!们)"),
    past=re.compile(r"(?!)"),
    past_said=re.compile(r"(?!)"),
    others_said=re.compile(
        r"(?:他们|她们|他|她|客户|用户|对方|大家)(?:都)?(?:说|认为|觉得|要求|希望|问)"
    ),
    passive=frozenset({"被", "由", "把", "将"}),
    first_person=re.compile(r"(?<![让叫请给跟对])我(?!们)"),
    reach=4,
    says=re.compile(
        r"\s*(?:也|还|则)?(?:表示|认为|建议|提出|提到|指出|说明|询问|说|报告|介绍|强调|补充|问)"
    ),
    quantity=re.compile(
        r"(?:大部分|一半|三分之一|少数|多数|几乎|只有|差不多|有些|部分|大概|大约)(?P<of>\w{2,6})"
    ),
    quantifiers=re.compile(
        r"大部分|大多数|一半|三分之一|少数|多数|几乎|只|差不多|有些|部分|大概|大约|约|近"
    ),
)

CLAIM_WORDS: dict[str, ClaimWords] = {"en": ENGLISH, "zh": CHINESE}
