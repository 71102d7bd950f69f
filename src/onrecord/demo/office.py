"""Three inner applications: the handbook (retrieval), claims (fields from e-mails), and the coding assistant."""

from collections.abc import Iterator
from typing import Any

from onrecord.demo.material import OVERLOADED, Dice, filled, model_call, refused, texts
from onrecord.demo.people import invented, user_id
from onrecord.demo.step import Passage, Said, Score, Step, Trace

_SCHEMA = {"type": "json_schema", "json_schema": {"name": "claim", "strict": True}}


class Handbook:
    """Questions of employees, answered from passages."""

    def __init__(self, dice: Dice) -> None:
        table = texts("handbook")
        self.dice = dice
        self.questions = table["question"]
        self.systems: dict[str, str] = table["system"]
        self.passages: dict[str, Any] = {one["id"]: one for one in table["passage"]}

    def conversation(self) -> Iterator[Trace]:
        """One question, one trace."""
        dice = self.dice
        asked = dice.one(self.questions)
        person = invented(dice.rng, asked["language"])
        question = filled(dice.one(asked["user"]), person)
        version = dice.one(sorted(self.systems))
        wanted = asked["passages"]
        others = dice.rng.sample(sorted(set(self.passages) - set(wanted)), 3)
        found = [self._passage(name, 0.86 - at * 0.055) for at, name in enumerate([*wanted, *others])]
        best = found[:3]
        context = "\n\n".join(f"[{one.title}]\n{one.text}" for one in best)
        prompt = [Said("system", self.systems[version]), Said("user", f"{context}\n\nQuestion: {question}")]
        model = dice.one(["claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"])
        answers = model_call(dice, "anthropic", model, prompt, asked["answer"], prompt=("handbook-answer", version),
                             streamed=True)  # fmt: skip
        embeds = Step(kind="embedding", name="embeddings text-embedding-3-large", took_ms=dice.about(55),
                      query=question, provider="openai", model="text-embedding-3-large")  # fmt: skip
        searches = Step(
            kind="retriever", name="search handbook", took_ms=dice.about(35), query=question, passages=found
        )
        orders = Step(kind="reranker", name="rerank", took_ms=dice.about(90), query=question, passages=best)
        again = [refused(answers, OVERLOADED, dice.about(700))] if dice.chance(0.06) else []
        root = Step(kind="chain", name="answer_question", asked=[Said("user", question)],
                    answered=[Said("assistant", asked["answer"])],
                    steps=[embeds, searches, orders, *again, answers])  # fmt: skip
        if again and dice.chance(0.3):
            root.steps.pop()
            root.answered, root.failure = [], OVERLOADED
        sure = round(dice.rng.uniform(0.55, 0.99), 2)
        yield Trace(
            root=root, application="handbook", dialect="genai", release="0.9.3", environment="production",
            user=user_id(person) if dice.chance(0.34) else "", metadata={"language": asked["language"]},
            scores=[Score("groundedness", sure, "pass" if sure > 0.6 else "fail")] if dice.chance(0.4) else [],  # noqa: PLR2004
        )  # fmt: skip

    def _passage(self, name: str, score: float) -> Passage:
        one = self.passages[name]
        return Passage(name, one["title"], one["text"], round(score + self.dice.rng.uniform(-0.02, 0.02), 3))


class Claims:
    """E-mails of an insurer, read into fields by a model on own hardware."""

    def __init__(self, dice: Dice) -> None:
        table = texts("claims")
        self.dice, self.mails, self.system = dice, table["mail"], table["system"]

    def conversation(self) -> Iterator[Trace]:
        """One e-mail, one trace."""
        dice = self.dice
        mail = dice.one(self.mails)
        language = "de" if "geehrte" in mail["text"] else "nl" if "Geachte" in mail["text"] else "en"
        language = "fr" if "Bonjour" in mail["text"] else language
        person = invented(dice.rng, language)
        text, output = filled(mail["text"], person), filled(mail["output"], person)
        reads = model_call(
            dice, "vllm", "llama-3.3-70b-instruct", [Said("system", self.system), Said("user", text)], output,
            parameters={"temperature": 0.0, "seed": 7, "response_format": "json_schema"},
        )  # fmt: skip
        valid = dice.chance(0.94)
        checks = Step(kind="evaluator", name="validate_schema", took_ms=4, asked=[Said("user", output)],
                      result='{"valid": true}' if valid else '{"valid": false, "path": "amount_eur"}')  # fmt: skip
        root = Step(kind="chain", name="read_claim", asked=[Said("user", text)], answered=[Said("assistant", output)],
                    steps=[reads, checks])  # fmt: skip
        yield Trace(
            root=root, application="claims", dialect="genai", release="1.3.0",
            environment="production" if dice.chance(0.8) else "staging", metadata={"mailbox": "claims@example.com"},
            scores=[Score("valid_schema", float(valid), "pass" if valid else "fail")],
        )  # fmt: skip


class Coding:
    """A coding assistant: streams, is shown secrets, and is stopped by a content filter now and then."""

    def __init__(self, dice: Dice) -> None:
        table = texts("code")
        self.dice, self.exchanges, self.system = dice, table["exchange"], table["system"]

    def conversation(self) -> Iterator[Trace]:
        """One question, one trace."""
        dice = self.dice
        exchange = dice.one(self.exchanges)
        person = invented(dice.rng, "en")
        question = filled(exchange["user"], person)
        filtered = exchange.get("filtered", False)
        provider, model = dice.one([("google", "gemini-2.5-flash"), ("openai", "gpt-5-mini-2025-08-07")])
        call = model_call(
            dice, provider, model, [Said("system", self.system), Said("user", question)], exchange["answer"],
            streamed=not filtered, finish="content_filter" if filtered else "stop",
            reasoning_tokens=0 if filtered else dice.about(180, 0.8),
        )  # fmt: skip
        root = Step(
            kind="chain", name="editor.ask", asked=[Said("user", question)], answered=call.answered, steps=[call]
        )
        yield Trace(
            root=root, application="code-assistant", dialect="openinference", release="5.2.0", environment="production",
            user=user_id(person) if dice.chance(0.34) else "", session=dice.id("editor"),
            metadata={"editor": dice.one(["vscode", "jetbrains", "zed"])},
        )  # fmt: skip
