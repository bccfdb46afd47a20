"""What the language model is told, by language: short rules and a few good answers.

Each instruction asks for one thing, of one passage. A small model follows examples better than
rules, so the examples show what the checks of `claims` will ask for: the passage's own words in
their order, told in the third person, nothing added.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.ports import Prompt


@dataclass(frozen=True, slots=True)
class Instruction:
    """A task for the model, with examples of it done well."""

    system: str
    examples: tuple[tuple[str, str], ...]

    def prompt(self, user: str, prefix: str = "") -> Prompt:
        """The instruction applied to `user`."""
        return Prompt(self.system, user, self.examples, prefix)


RETELL: dict[str, Instruction] = {
    "en": Instruction(
        "You write the minutes of a meeting. You get a passage of the transcript and retell it "
        "in one or two short "
        "sentences, in the third person. Use the words of the passage in their order. Keep "
        "names, numbers and dates exactly as "
        "they are. Leave out small talk. Add nothing and explain nothing.",
        (
            (
                "Speaker 1: I've looked at the server costs. They went up by 12 percent since "
                "June, mostly because of "
                "the backups.",
                "The server costs went up by 12 percent since June, mostly because of the backups.",
            ),
            (
                "Speaker 3: I don't think we should hire anybody before the budget is approved. "
                "We can't pay them.",
                "Speaker 3 does not think the team should hire anybody before the budget is "
                "approved.",
            ),
            (
                "Speaker 2: We had around thirty tickets last week, and, well, you all know "
                "that, we closed nine.",
                "The team had around thirty tickets last week and closed nine.",
            ),
            (
                "Speaker 1: I suggest we ask the neighbours first. The door was broken on "
                "Monday, and it was the wind.",
                "Speaker 1 suggests asking the neighbours first. The door was broken on Monday, "
                "and it was the wind.",
            ),
            (
                "Speaker 2: Maybe we could move the training to the autumn, when the new rooms "
                "are ready.",
                "Speaker 2 suggested that the team could move the training to the autumn, when the "
                "new rooms are ready.",
            ),
            (
                "Speaker 2: Okay, then let's cancel the fair and use the money for the website.",
                "The team will cancel the fair and use the money for the new website.",
            ),
            (
                "Speaker 4: I'll send the draft to the lawyers tomorrow, and then we'll see.",
                "Speaker 4 will send the draft to the lawyers tomorrow.",
            ),
        ),
    ),
    "zh": Instruction(
        "你负责写会议纪要。你会看到一段会议记录，请用一句话转述，用第三人称。使用原文的词语和顺序"
        "，姓名、数字、日期原样保留，不要添加任何内容。",
        (
            (
                "Speaker 1: 我看了一下服务器费用，从六月到现在涨了百分之十二，主要是因为备份。",
                "服务器费用从六月到现在涨了百分之十二，主要是因为备份。",
            ),
            (
                "Speaker 3: 我觉得预算批下来之前不应该招人，我们付不起工资。",
                "Speaker 3认为预算批下来之前不应该招人。",
            ),
            (
                "Speaker 2: 要不培训改到秋天吧，那时候新教室就好了。",
                "Speaker 2建议培训改到秋天，那时候新教室就好了。",
            ),
            ("Speaker 4: 我明天把草稿发给律师，然后再看。", "Speaker 4明天会把草稿发给律师。"),
        ),
    ),
}

ENTITLE: dict[str, Instruction] = {
    "en": Instruction(
        "You give headings to parts of a meeting. You get some sentences of one part. Answer "
        "with a heading of two to "
        "six words, made of words from the sentences. No full sentence, no full stop.",
        (
            (
                "The server costs went up by 12 percent since June, mostly because of the "
                "backups.\n"
                "We could move the old backups to cheaper storage.\nNobody needs backups from "
                "before 2019.",
                "Server costs and old backups",
            ),
            (
                "The training was full after two days.\nPeople from the Lyon office could not "
                "take part.\n"
                "Let's repeat the training in autumn in Lyon.",
                "Repeating the training in Lyon",
            ),
            (
                "The lift has been out of order since Monday.\nThe landlord wants to repair it "
                "next week.",
                "Repair of the lift",
            ),
        ),
    ),
    "zh": Instruction(
        "你给会议的各个部分写标题。你会看到某一部分的几句话。请用其中的词语写一个四到十二个字的标"
        "题，不要写成完整的句子，不要加句号。",
        (
            (
                "服务器费用从六月到现在涨了百分之十二，主要是因为备份。\n旧备份可以放到便宜的存储"
                "上。",
                "服务器费用与旧备份",
            ),
            (
                "培训两天就报满了。\n里昂办公室的人没能参加。\n秋天在里昂再办一次培训。",
                "在里昂再办培训",
            ),
            ("电梯周一就坏了。\n房东说下周来修。", "电梯维修"),
        ),
    ),
}

IS_TASK: dict[str, Instruction] = {
    "en": Instruction(
        "You sort sentences from meetings. Answer yes if the sentence gives somebody a task to "
        "do after the meeting. "
        "Answer no if it is about the meeting itself, a figure of speech, an opinion or a "
        "general remark.",
        (
            ("I'll email the customer list to everybody this evening.", "yes"),
            ("I'll be honest, I don't like it.", "no"),
            ("Can you book a room for next week?", "yes"),
            ("Can you turn up the volume?", "no"),
            ("We have to renew the licence before it expires.", "yes"),
            ("We have to be realistic.", "no"),
        ),
    )
}

IS_DECISION: dict[str, Instruction] = {
    "en": Instruction(
        "You sort sentences from meetings. Answer yes if the sentence settles a plan that lasts "
        "beyond the meeting. "
        "Answer no if it only steers the conversation or is a figure of speech.",
        (
            ("Let's hire a second tester.", "yes"),
            ("Let's look at the next slide.", "no"),
            ("Okay, so we cancel the trade fair.", "yes"),
            ("Let's say it costs ten euros.", "no"),
            ("We've decided to move to Hamburg.", "yes"),
            ("So we take a short break now.", "no"),
        ),
    )
}
