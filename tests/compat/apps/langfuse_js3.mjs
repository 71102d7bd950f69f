// Langfuse's JavaScript SDK 3, which sends JSON batches: what an application does with it, in one run.
import assert from "node:assert/strict";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { ChatOpenAI } from "@langchain/openai";
import { Langfuse, LangfuseMedia, observeOpenAI } from "langfuse";
import { CallbackHandler } from "langfuse-langchain";
import OpenAI from "openai";

const plot = JSON.parse(process.env.PLOT);
const client = new Langfuse();
const DATASET = `capitals of ${process.env.CLIENT}`;
const seen = { major: 3 };
const picture = Buffer.from("\x89PNG a picture of nobody".repeat(40), "latin1");

async function prompts() {
  for (const prompt of ["Hallo {{name}}", "Hello {{name}}"]) {
    await client.createPrompt({ name: "greet", prompt, labels: ["production"], tags: ["a"], config: { t: 1 } });
  }
  await client.createPrompt({ name: "folder/chat", type: "chat", prompt: [{ role: "system", content: "Be {{mood}}" }] });
  assert.equal((await client.getPrompt("greet")).compile({ name: "Ada" }), "Hello Ada");
  assert.equal((await client.getPrompt("greet", 1)).prompt, "Hallo {{name}}");
  const chat = await client.getPrompt("folder/chat", undefined, { label: "latest", type: "chat" });
  assert.equal(chat.compile({ mood: "brief" })[0].content, "Be brief");
  await client.updatePrompt({ name: "greet", version: 1, newLabels: ["staging"] });
  assert.equal((await client.getPrompt("greet", undefined, { label: "staging" })).version, 1);
  const missing = await client.getPrompt("missing", undefined, { fallback: "Good day {{name}}", cacheTtlSeconds: 0 });
  assert.equal(missing.compile({ name: "Ada" }), "Good day Ada");
  return client.getPrompt("greet");
}

function byHand(prompt) {
  const root = client.trace({
    name: "my-trace", userId: plot.user, sessionId: plot.session, tags: ["a", "b"], input: { question: plot.question },
    metadata: { plan: "pro", number: "7" }, version: "v1", release: "rel-1",
  });
  const call = root.generation({
    name: "call", model: plot.model, modelParameters: { temperature: 0.2 }, prompt,
    input: [{ role: "system", content: plot.system }, { role: "user", content: plot.question }],
    metadata: { k: "v", n: 1, nested: { a: [1, 2] } },
  });
  call.update({ output: "a first idea" });
  call.end({
    output: { role: "assistant", content: plot.answer }, level: "WARNING", statusMessage: "slow",
    usageDetails: { input: 10, output: 5, total: 15 }, costDetails: { input: 0.001, output: 0.002 },
    completionStartTime: new Date(),
  });
  const outer = root.span({ name: "outer", input: { city: "Lisbon" } });
  outer.span({ name: "inner", input: "deep" }).end({ output: "down" });
  outer.end({ output: { degrees: 21 } });
  root.event({ name: "noticed", input: { what: "a bird" } });
  root.span({ name: "failing" }).end({ level: "ERROR", statusMessage: "it broke" });
  const media = new LangfuseMedia({ contentBytes: picture, contentType: "image/png" });
  root.span({ name: "picture", input: { image: media } }).end();
  root.update({ output: "the end", metadata: { late: true } });
  call.score({ name: "quality", value: 0.9, comment: "good" });
  root.score({ name: "thumb", value: 1, dataType: "BOOLEAN" });
  for (const _ of [1, 2]) {
    client.score({ id: "mood-1", traceId: root.id, name: "mood", value: "happy", dataType: "CATEGORICAL" });
  }
  Object.assign(seen, { trace: root.id, call: call.id, url: root.getTraceUrl() });
}

async function langchain() {
  const handler = new CallbackHandler({ userId: plot.user, sessionId: plot.session, tags: ["lc"] });
  const template = ChatPromptTemplate.fromMessages([["system", plot.system], ["user", "{question}"]]);
  const chain = template.pipe(new ChatOpenAI({ model: plot.model, temperature: plot.temperature, maxRetries: 0 }));
  const told = await chain.invoke({ question: plot.question }, { callbacks: [handler], runName: "chained" });
  assert.equal(told.content, plot.answer);
  seen.langchain = handler.getTraceId();
  await handler.flushAsync();
}

async function openaiDropIn() {
  const messages = [{ role: "system", content: plot.system }, { role: "user", content: plot.question }];
  const root = client.trace({ name: "drop-in", userId: plot.user, sessionId: plot.session });
  seen.openai = root.id;
  const asked = observeOpenAI(new OpenAI(), { parent: root, generationName: "asked", metadata: { tier: "gold" } });
  const told = await asked.chat.completions.create({ model: plot.model, messages, temperature: plot.temperature });
  assert.equal(told.choices[0].message.content, plot.answer);
  const streamed = observeOpenAI(new OpenAI(), { parent: root, generationName: "streamed" });
  const stream = await streamed.chat.completions.create({
    model: plot.model, messages, stream: true, stream_options: { include_usage: true },
  });
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
  assert.equal(text, plot.answer);
}

async function experiment() {
  await client.createDataset({ name: DATASET, description: "of countries" });
  for (const [country, capital] of [["Portugal", "Lisbon"], ["Austria", "Vienna"]]) {
    await client.createDatasetItem({ datasetName: DATASET, id: `${DATASET} ${country}`, input: country, expectedOutput: capital });
  }
  const dataset = await client.getDataset(DATASET);
  assert.deepEqual(dataset.items.map((item) => item.input).sort(), ["Austria", "Portugal"]);
  for (const item of dataset.items) {
    const trace = client.trace({ name: "try", input: item.input });
    await item.link(trace, "first try 1", { description: "by hand" });
    trace.score({ name: "right", value: Number(item.input === "Portugal") });
  }
  await client.flushAsync();
  const run = await client.getDatasetRun({ datasetName: DATASET, runName: "first try 1" });
  assert.deepEqual(run.datasetRunItems.map((item) => item.datasetItemId).sort(), [`${DATASET} Austria`, `${DATASET} Portugal`]);
  Object.assign(seen, { run: run.id, dataset: dataset.id });
}

byHand(await prompts());
await langchain();
await openaiDropIn();
await experiment();
await client.shutdownAsync();
console.log(JSON.stringify(seen));
