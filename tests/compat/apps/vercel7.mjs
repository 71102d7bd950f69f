// The Vercel AI SDK 7: telemetry is an integration of its own, in GenAI attributes or the legacy `ai.*` ones.
import { createOpenAI } from "@ai-sdk/openai";
import { LegacyOpenTelemetry, OpenTelemetry } from "@ai-sdk/otel";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { embed, embedMany, generateText, isStepCount, jsonSchema, registerTelemetry, streamText, tool } from "ai";

const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter() });
sdk.start();
registerTelemetry(
  process.env.VERCEL_LEGACY
    ? new LegacyOpenTelemetry()
    : new OpenTelemetry({ usage: true, providerMetadata: true, embedding: true, runtimeContext: true, toolChoice: true }),
);
const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
const telemetry = { functionId: "geographer", includeRuntimeContext: { userId: true, sessionId: true, tier: true } };
const base = {
  model: openai.chat("gpt-4o-mini"),
  instructions: "You are a terse geography assistant. Answer in one sentence.",
  temperature: 0.2, seed: 7, maxOutputTokens: 64, maxRetries: 0, telemetry,
  runtimeContext: { userId: "ada@example.org", sessionId: "session-ada-1", tier: "gold" },
};
const QUESTION = "What is the capital of Portugal? I am Ada Example (ada@example.org).";
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
    ...base, prompt: "What is the weather there, in Lisbon?", tools: { get_weather }, stopWhen: isStepCount(3),
  }),
  error: () => generateText({ ...base, prompt: "Please fail with status 429." }).then(
    () => { throw new Error("no failure"); }, (failure) => { if (failure.statusCode !== 429) throw failure; }),
  embeddings: async () => {
    const model = openai.embeddingModel("text-embedding-3-small");
    await embedMany({ model, values: ["Lisbon lies on the Tagus.", "Porto lies on the Douro."], telemetry });
    await embed({ model, value: "Which river flows through Lisbon?", telemetry });
  },
};
await cases[process.argv[2]]();
await sdk.shutdown();
