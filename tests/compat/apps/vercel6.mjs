// The Vercel AI SDK 6 with its own `ai.*` telemetry, exported by @opentelemetry/sdk-node.
import { createOpenAI } from "@ai-sdk/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { embed, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter() });
sdk.start();
const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
const SYSTEM = "You are a terse geography assistant. Answer in one sentence.";
const QUESTION = "What is the capital of Portugal? I am Ada Example (ada@example.org).";
const base = {
  model: openai.chat("gpt-4o-mini"), system: SYSTEM, temperature: 0.2, seed: 7, maxOutputTokens: 64, maxRetries: 0,
  experimental_telemetry: {
    isEnabled: true, functionId: "geographer",
    metadata: { userId: "ada@example.org", sessionId: "session-ada-1", tier: "gold", tags: ["golden"] },
  },
};
const get_weather = tool({
  description: "The weather in a city.",
  inputSchema: jsonSchema({
    type: "object", properties: { city: { type: "string", description: "Name of the city" } }, required: ["city"],
    additionalProperties: false,
  }),
  execute: async () => '{"temperature": 21, "sky": "clear"}',
});
const cases = {
  chat: () => generateText({ ...base, prompt: QUESTION }),
  stream: async () => { for await (const _ of streamText({ ...base, prompt: QUESTION }).textStream); },
  tools: () => generateText({
    ...base, prompt: "What is the weather there, in Lisbon?", tools: { get_weather }, stopWhen: stepCountIs(3),
  }),
  error: () => generateText({ ...base, prompt: "Please fail with status 429." }).then(
    () => { throw new Error("no failure"); }, (failure) => { if (failure.statusCode !== 429) throw failure; }),
  embeddings: async () => {
    const model = openai.textEmbeddingModel("text-embedding-3-small");
    await embedMany({ model, values: ["Lisbon lies on the Tagus.", "Porto lies on the Douro."], experimental_telemetry: base.experimental_telemetry });
    await embed({ model, value: "Which river flows through Lisbon?", experimental_telemetry: base.experimental_telemetry });
  },
};
await cases[process.argv[2]]();
await sdk.shutdown();
