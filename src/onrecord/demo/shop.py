"""The shop's support agent: conversations of one to three turns with tools, retries, guardrails and ratings."""

from collections.abc import Iterator
from typing import Any

from onrecord.demo.material import RATE_LIMIT, TIMEOUT, Dice, filled, model_call, refused, texts
from onrecord.demo.people import invented, user_id
from onrecord.demo.step import Call, Said, Score, Step, Trace

_MODELS = [("openai", "gpt-4.1-mini-2025-04-14")] * 6 + [("openai", "gpt-4.1-2025-04-14")] * 3
_COMMENTS = ["Quick and to the point.", "Solved it in one go, thanks.", "Friendly, but I had to ask twice.", "", "", ""]
_COMPLAINTS = ["I wanted to talk to a person.", "Did not answer my question.", ""]


class Shop:
    """Makes conversations from the table of cases."""

    def __init__(self, dice: Dice) -> None:
        table = texts("shop")
        self.dice = dice
        self.cases = table["case"]
        self.weights = [{"nl": 5, "de": 6, "fr": 6, "es": 5}.get(case["language"], 4) for case in self.cases]
        self.systems: dict[str, str] = table["system"]
        self.tools: dict[str, str] = table["tools"]

    def conversation(self) -> Iterator[Trace]:
        """One conversation, a trace per turn."""
        dice = self.dice
        case = dice.rng.choices(self.cases, self.weights)[0]
        person = invented(dice.rng, case["language"])
        version = dice.one(sorted(self.systems))
        session = dice.id("chat")
        named = dice.chance(0.34)
        talk = [Said("system", self.systems[version])]
        variant = dice.one(["control", "concise"])
        for turn in case["turn"]:
            question = filled(dice.one(turn["user"]), person)
            talk.append(Said("user", question))
            root = Step(kind="agent", name="support_agent", asked=[Said("user", question)])
            self._steps(root, turn, person, talk, version)
            answer = talk[-1].text
            root.answered = [Said("assistant", answer)]
            last = turn is case["turn"][-1]
            yield Trace(
                root=root,
                application="shop-support",
                dialect="openinference",
                release="2.14.0" if version == "14" else "2.15.1",
                environment="production" if dice.chance(0.9) else "staging",
                user=user_id(person) if named else "",
                session=session,
                metadata={"channel": dice.one(["web", "app", "whatsapp"]), "language": case["language"],
                          "topic": case["topic"], "variant": variant},
                scores=self._scores(root) if last and dice.chance(0.5) else [],
            )  # fmt: skip
            if root.failure or dice.chance(0.15):
                return

    def _steps(self, root: Step, turn: dict[str, Any], person: dict[str, str], talk: list[Said], version: str) -> None:
        """The steps of one turn; ``talk`` grows by what was said."""
        dice = self.dice
        provider, model = dice.one(_MODELS)
        prompt = ("shop-support", version)
        if dice.chance(0.6):
            verdict = '{"verdict": "pass", "categories": []}'
            root.steps.append(
                Step(kind="guardrail", name="screen_input", took_ms=dice.about(40), asked=[talk[-1]], result=verdict)
            )
        if "tool" in turn:
            call = Call(dice.id("call"), turn["tool"], filled(turn["arguments"], person))
            asks = model_call(dice, provider, model, talk, "", call, tools=self.tools, prompt=prompt)
            if dice.chance(0.05):
                root.steps.append(refused(asks, RATE_LIMIT, dice.about(160)))
            root.steps.append(asks)
            talk.append(Said("assistant", "", call))
            if not self._tool(root, call, filled(turn["result"], person), talk):
                return
        answer = filled(dice.one(turn["answer"]), person)
        root.steps.append(
            model_call(dice, provider, model, talk, answer, tools=self.tools, prompt=prompt, streamed=dice.chance(0.7))
        )
        talk.append(Said("assistant", answer))

    def _tool(self, root: Step, call: Call, result: str, talk: list[Said]) -> bool:
        """Run a tool, now and then in vain; whether the turn goes on."""
        dice = self.dice
        if dice.chance(0.06):
            root.steps.append(Step(kind="tool", name=call.name, took_ms=5_000, call=call, failure=TIMEOUT))
            if dice.chance(0.35):
                root.steps.append(Step(kind="tool", name=call.name, took_ms=5_000, call=call, failure=TIMEOUT))
                root.failure = TIMEOUT
                talk.append(
                    Said(
                        "assistant",
                        "I'm sorry, I can't reach our order system right now. A colleague will write to you today.",
                    )
                )
                return False
        took_ms = dice.about(180, 0.6)
        root.steps.append(
            Step(kind="tool", name=call.name, took_ms=took_ms, call=call, result=result, tools=self.tools)
        )
        talk.append(Said("tool", result, answers=call.id))
        return True

    def _scores(self, root: Step) -> list[Score]:
        """What the customer clicked, and what a check made of it."""
        dice = self.dice
        good = not root.failure and dice.chance(0.82)
        comment = dice.one(_COMMENTS if good else _COMPLAINTS)
        rating = Score("user_rating", float(dice.one([4, 5, 5] if good else [1, 2, 2])), comment=comment)
        resolved = Score("resolved", 1.0 if good else 0.0, "pass" if good else "fail")
        return [rating, resolved] if dice.chance(0.6) else [resolved]
