// LangSmith's JavaScript client: a tree with a tool, a failure, a stream and a model call, then feedback on its root.
import { Client } from "langsmith";
import { getCurrentRunTree, traceable } from "langsmith/traceable";

const client = new Client();
const options = (name, run_type, more = {}) => ({ name, run_type, client, ...more });
const seen = {};

const weather = traceable(async ({ city }) => ({ temperature: 21, city }), options("get_weather", "tool"));
const model = traceable(
  async () => ({
    choices: [{ message: { role: "assistant", content: "It is 21 °C in Lisbon." }, finish_reason: "stop" }],
    usage_metadata: { input_tokens: 121, output_tokens: 13, total_tokens: 134 },
  }),
  options("model", "llm", { metadata: { ls_provider: "openai", ls_model_name: "gpt-4o-mini" } }),
);
const streamed = traceable(async function* () {
  yield "Lis";
  yield "bon";
}, options("streamed", "chain"));
const fragile = traceable(async (order) => {
  throw new TypeError(`no such order: ${order}`);
}, options("fragile", "chain"));

const assistant = traceable(
  async (question) => {
    seen.run = getCurrentRunTree().id;
    seen.trace = getCurrentRunTree().trace_id;
    await weather({ city: "Lisbon" });
    for await (const _ of streamed()) {
      // read to its end
    }
    await fragile("A-17").catch(() => undefined);
    return model({ messages: [{ role: "user", content: question }] });
  },
  options("assistant", "chain", { tags: ["golden"], metadata: { user_id: "ada@example.org", session_id: "s-js" } }),
);

await assistant("What is the weather there, in Lisbon?");
await client.awaitPendingTraceBatches();
await client.createFeedback(seen.run, "helpful", { score: 1, comment: "It helped." });
console.log(JSON.stringify(seen));
