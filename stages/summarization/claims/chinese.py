"""What marks sense in Chinese."""

from __future__ import annotations

import re

from stages.summarization.claims.vocabulary import NEVER, Vocabulary, related

CHINESE = Vocabulary(
    spaced=False,
    reporting=frozenset(
        "表示 认为 建议 提出 提到 指出 说明 询问 希望 说 团队 报告 强调 需要 觉得 目前".split()
    ),
    licences={
        "建议": re.compile(r"建议|应该|可以|要不|不如|吧|想法|倾向|提议"),
        "提出": re.compile(r"建议|应该|可以|要不|不如|吧|想法|提议|问|吗|？"),
        "询问": re.compile(r"吗|呢|？|问|什么|怎么|谁"),
        "希望": re.compile(r"希望|想|要"),
        "需要": re.compile(r"需要|要|得|必须"),
        "团队": re.compile(r"我们|咱们|团队"),
    },
    says=re.compile(
        r"\s*(?:也|还|则)?(?P<verb>表示|认为|建议|提出|提到|指出|说明|询问|说|报告|强调|问)"
        r"(?P<that>[，,：:])?"
    ),
    group=re.compile(r"团队(?!成员)"),
    relations=related(
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
    quantity=re.compile(
        r"(?:大部分|一半|三分之一|少数|多数|几乎|只有|差不多|有些|部分|大概|大约)(?P<of>\w{2,6})"
    ),
    quantifiers=re.compile(
        r"大部分|大多数|一半|三分之一|少数|多数|几乎|只|差不多|有些|部分|大概|大约|约|近"
    ),
    negation=re.compile(r"不(?!过|仅|但|错|断|同)|没(?!问题)|无(?!论)|未|别(?!的|人)|难以"),
    future=re.compile(r"将(?!近)|会(?!议|后|上)|打算|计划|要(?!求|是|不)"),
    intent=re.compile(r"可以|准备|应该|需要|决定|建议|再|下|明|之前|希望|定"),
    doubt=re.compile(
        r"可能|也许|大概|应该|建议|觉得|认为|如果|要是|差不多|或许|好像|似乎|估计|希望|以为|倾向"
        r"|不如|想|可以"
    ),
    proposal=re.compile(r"建议|提议|想法"),
    suggestion=re.compile(r"吧(?:[，。！]|$)|要不|不如"),
    suggests=re.compile(r"建议|提出|提议|应该|可能"),
    condition=re.compile(r"如果|要是|的话|除非|一旦|只要|若|当|时|等"),
    asking=re.compile(r"吗|呢|是否|询问|问|？|\?|如何|什么"),
    past=NEVER,
    past_said=NEVER,
    others_said=re.compile(
        r"(?:他们|她们|他|她|客户|用户|对方|大家)(?:都)?(?:说|认为|觉得|要求|希望|问)"
    ),
    first_person=re.compile(r"(?<![让叫请给跟对])我(?!们)"),
    reach=4,
    acting_group=re.compile(r"我们|咱们"),
    persons=re.compile(
        r"(?P<we>我们|咱们)|(?P<i>我)|(?P<they>他们|她们|它们)|(?P<he>他)|(?P<she>她)|(?P<you>你们?|您)"
    ),
    passive=frozenset({"被", "由", "把", "将"}),
    joints=re.compile(r"[，。；：、,.;]"),
)
