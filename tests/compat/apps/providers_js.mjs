// The providers' own SDKs for JavaScript, with nothing changed but the base URL.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const root = process.env.GATEWAY;
const question = "What is the capital of Portugal? I am Ada Example (ada@example.org).";
const answer = "Lisbon is the capital of Portugal, Ada. 🇵🇹";
const messages = [{ role: "user", content: question }];
const same = (told) => { if (told !== answer) throw new Error(`not the answer: ${told}`); };

const openai = new OpenAI({ baseURL: `${root}/openai/v1`, apiKey: "sk-openai-secret", maxRetries: 0 });
const whole = await openai.chat.completions.create({ model: "gpt-4o-mini", messages });
same(whole.choices[0].message.content);
let told = "";
const chunks = await openai.chat.completions.create({
  model: "gpt-4o-mini", messages, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of chunks) told += chunk.choices[0]?.delta?.content ?? "";
same(told);
same((await openai.responses.create({ model: "gpt-4o-mini", input: question })).output_text);

const anthropic = new Anthropic({ baseURL: `${root}/anthropic`, apiKey: "sk-ant-secret", maxRetries: 0 });
const asked = { model: "claude-sonnet-4-5", max_tokens: 2000, messages };
same((await anthropic.messages.create(asked)).content[0].text);
const stream = anthropic.messages.stream(asked);
same((await stream.finalMessage()).content[0].text);
