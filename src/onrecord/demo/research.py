"""The research agent: a planner, researchers that work at the same time, and a writer."""

from collections.abc import Iterator
from typing import Any

from onrecord.demo.material import OVERLOADED, TIMEOUT, Dice, model_call, refused, texts
from onrecord.demo.people import invented, user_id
from onrecord.demo.step import Call, Passage, Said, Step, Trace

_MODEL = ("anthropic", "claude-sonnet-4-5-20250929")


class Research:
    """Makes one long trace per task."""

    def __init__(self, dice: Dice) -> None:
        table = texts("research")
        self.dice, self.table, self.tasks = dice, table, table["task"]

    def conversation(self) -> Iterator[Trace]:
        """One task, one trace."""
        dice = self.dice
        task = dice.one(self.tasks)
        user = Said("user", task["user"])
        plan = "\n".join(f"{at}. {one['ask']}" for at, one in enumerate(task["question"], 1))
        plans = model_call(dice, *_MODEL, [Said("system", self.table["planner"]), user], plan, reasoning_tokens=420)
        team = Step(kind="chain", name="researchers", parallel=True)
        team.steps = [self._researcher(one) for one in task["question"]]
        team.result = plan
        findings = "\n\n".join(f"{one['ask']}\n{one['answer']}" for one in task["question"])
        told = [Said("system", self.table["writer"]), user, Said("user", f"Findings:\n\n{findings}")]
        writes = model_call(dice, *_MODEL, told, task["briefing"], streamed=True)
        root = Step(kind="agent", name="research_lead", asked=[user], answered=[Said("assistant", task["briefing"])])
        root.steps = [plans, team, writes]
        if dice.chance(0.08):
            root.steps[-1] = refused(writes, OVERLOADED, dice.about(1_500))
            root.answered, root.failure = [], OVERLOADED
        yield Trace(
            root=root, application="research-desk", dialect="openinference", release="0.4.0",
            environment="production", session=dice.id("task"),
            user=user_id(invented(dice.rng, "en")) if dice.chance(0.34) else "",
            metadata={"depth": dice.one(["quick", "thorough"])},
        )  # fmt: skip

    def _researcher(self, question: dict[str, Any]) -> Step:
        """A sub-agent: asks for a search, reads what was found, answers."""
        dice = self.dice
        talk = [Said("system", self.table["researcher"]), Said("user", question["ask"])]
        call = Call(dice.id("toolu"), "web_search", f'{{"query": "{question["query"]}"}}')
        offered = {"web_search": "Searches the web and returns passages."}
        steps = [model_call(dice, *_MODEL, talk, "", call, tools=offered)]
        if dice.chance(0.12):
            steps.append(Step(kind="tool", name="web_search", took_ms=5_000, call=call, failure=TIMEOUT))
        pairs = [one.partition("|") for one in question["found"]]
        passages = [Passage(f"web-{at}", title, text, 0.9 - at / 10) for at, (title, _, text) in enumerate(pairs)]
        result = "\n\n".join(f"{one.title}\n{one.text}" for one in passages)
        steps.append(Step(kind="tool", name="web_search", took_ms=dice.about(900), call=call, result=result))
        read = [*talk, Said("assistant", "", call), Said("tool", result, answers=call.id)]
        steps.append(model_call(dice, *_MODEL, read, question["answer"], tools=offered, streamed=True))
        return Step(kind="agent", name="researcher", asked=[talk[1]], answered=[Said("assistant", question["answer"])],
                    steps=steps)  # fmt: skip
