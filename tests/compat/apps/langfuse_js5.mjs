// Langfuse's JavaScript SDK 5: everything that an application does with it, in one run; one line of JSON at the end.
import assert from "node:assert/strict";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { ChatOpenAI } from "@langchain/openai";
import { LangfuseClient, LangfuseMedia } from "@langfuse/client";
import { CallbackHandler } from "@langfuse/langchain";
import { observeOpenAI } from "@langfuse/openai";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { observe, propagateAttributes, startActiveObservation, startObservation } from "@langfuse/tracing";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import OpenAI from "openai";

const plot = JSON.parse(process.env.PLOT);
const processor = new LangfuseSpanProcessor();
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();
const client = new LangfuseClient();
const DATASET = `capitals of ${process.env.CLIENT}`;
const seen = { major: 5 };
const picture = new Uint8Array(Buffer.from("\x89PNG a picture of nobody".repeat(40), "latin1"));

async function prompts() {
  for (const prompt of ["Hallo {{name}}", "Hello {{name}}"]) {
    await client.prompt.create({ name: "greet", prompt, labels: ["production"], tags: ["a"], config: { t: 1 } });
  }
  await client.prompt.create({ name: "folder/chat", type: "chat", prompt: [{ role: "system", content: "Be {{mood}}" }] });
  assert.equal((await client.prompt.get("greet")).compile({ name: "Ada" }), "Hello Ada");
  assert.equal((await client.prompt.get("greet", { version: 1 })).prompt, "Hallo {{name}}");
  const chat = await client.prompt.get("folder/chat", { label: "latest", type: "chat" });
  assert.equal(chat.compile({ mood: "brief" })[0].content, "Be brief");
  await client.prompt.update({ name: "greet", version: 1, newLabels: ["staging"] });
  assert.equal((await client.prompt.get("greet", { label: "staging" })).version, 1);
  const missing = await client.prompt.get("missing", { fallback: "Good day {{name}}", cacheTtlSeconds: 0 });
  assert.equal(missing.compile({ name: "Ada" }), "Good day Ada");
  return client.prompt.get("greet");
}

async function byHand(prompt) {
  const decorated = observe(async (city) => ({ city, degrees: 21 }), { name: "decorated", asType: "tool" });
  await startActiveObservation("root", async (root) => {
    await propagateAttributes(
      {
        userId: plot.user, sessionId: plot.session, tags: ["a", "b"], traceName: "my-trace",
        metadata: { plan: "pro", number: "7" }, version: "v1",
      },
      async () => {
        root.update({ input: { question: plot.question }, output: "the end" });
        const call = startObservation("call", {
          model: plot.model, modelParameters: { temperature: 0.2 }, prompt, metadata: { k: "v", n: 1, nested: { a: [1, 2] } },
          input: [{ role: "system", content: plot.system }, { role: "user", content: plot.question }],
        }, { asType: "generation" });
        call.update({
          output: { role: "assistant", content: plot.answer }, level: "WARNING", statusMessage: "slow",
          usageDetails: { input: 10, output: 5, total: 15 }, costDetails: { input: 0.001, output: 0.002 },
        }).end();
        await decorated("Lisbon");
        startObservation("noticed", { input: { what: "a bird" } }, { asType: "event" });
        startObservation("failing", {}).update({ level: "ERROR", statusMessage: "it broke" }).end();
        const media = new LangfuseMedia({ source: "bytes", contentBytes: picture, contentType: "image/png" });
        startObservation("picture", { input: { image: media } }).end();
        client.score.observation(call, { name: "quality", value: 0.9, comment: "good" });
        client.score.trace(root, { name: "thumb", value: 1, dataType: "BOOLEAN" });
        seen.trace = root.traceId;
      },
    );
  }, { asType: "agent" });
  for (const _ of [1, 2]) {
    client.score.create({ id: "mood-1", traceId: seen.trace, name: "mood", value: "happy", dataType: "CATEGORICAL" });
  }
  seen.url = await client.getTraceUrl(seen.trace);
}

async function langchain() {
  const handler = new CallbackHandler({ userId: plot.user, sessionId: plot.session, tags: ["lc"] });
  const template = ChatPromptTemplate.fromMessages([["system", plot.system], ["user", "{question}"]]);
  const chain = template.pipe(new ChatOpenAI({ model: plot.model, temperature: plot.temperature, maxRetries: 0 }));
  const told = await chain.invoke({ question: plot.question }, { callbacks: [handler], runName: "chained" });
  assert.equal(told.content, plot.answer);
  seen.langchain = handler.last_trace_id;
}

async function openaiDropIn() {
  const messages = [{ role: "system", content: plot.system }, { role: "user", content: plot.question }];
  await startActiveObservation("drop-in", async (root) => {
    seen.openai = root.traceId;
    await propagateAttributes({ userId: plot.user, sessionId: plot.session }, async () => {
      const asked = observeOpenAI(new OpenAI(), { generationName: "asked" });
      const told = await asked.chat.completions.create({ model: plot.model, messages, temperature: plot.temperature });
      assert.equal(told.choices[0].message.content, plot.answer);
      const streamed = observeOpenAI(new OpenAI(), { generationName: "streamed" });
      const stream = await streamed.chat.completions.create({
        model: plot.model, messages, stream: true, stream_options: { include_usage: true },
      });
      let text = "";
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
      assert.equal(text, plot.answer);
    });
  });
}

async function experiment() {
  const made = await client.api.datasets.create({ name: DATASET, description: "of countries" });
  for (const [country, capital] of [["Portugal", "Lisbon"], ["Austria", "Vienna"]]) {
    await client.api.datasetItems.create({ datasetName: DATASET, id: `${DATASET} ${country}`, input: country, expectedOutput: capital });
  }
  const dataset = await client.dataset.get(DATASET);
  assert.deepEqual(dataset.items.map((item) => item.input).sort(), ["Austria", "Portugal"]);
  const answers = { Portugal: "Lisbon", Austria: "Graz" };
  const result = await dataset.runExperiment({
    name: "first try", runName: "first try 1", task: async ({ input }) => answers[input],
    evaluators: [async ({ output, expectedOutput }) => ({ name: "right", value: Number(output === expectedOutput) })],
  });
  assert.deepEqual(result.itemResults.map((one) => one.evaluations[0].value).sort(), [0, 1]);
  const run = await client.api.datasets.getRun(DATASET, "first try 1");
  assert.deepEqual(run.datasetRunItems.map((item) => item.datasetItemId).sort(), [`${DATASET} Austria`, `${DATASET} Portugal`]);
  seen.run = run.id;
  seen.dataset = made.id;
}

await byHand(await prompts());
await langchain();
await openaiDropIn();
await experiment();
await client.flush();
await processor.forceFlush();
await provider.shutdown();
console.log(JSON.stringify(seen));
