// LangSmith's JavaScript client: a dataset, an experiment with an evaluator, and what is read back of it.
import { Client } from "langsmith";
import { evaluate } from "langsmith/evaluation";

const client = new Client();
const dataset = await client.createDataset("rivers", { description: "Rivers of cities" });
await client.createExamples({
  inputs: [{ city: "Lisbon" }, { city: "Porto" }],
  outputs: [{ river: "Tagus" }, { river: "Douro" }],
  datasetId: dataset.id,
});
const right = ({ outputs, referenceOutputs }) => ({
  key: "right",
  score: outputs.river === referenceOutputs.river ? 1 : 0,
});
const results = await evaluate(() => ({ river: "Tagus" }), {
  data: "rivers",
  evaluators: [right],
  experimentPrefix: "js",
  client,
});
await client.awaitPendingTraceBatches();
const examples = [];
for await (const example of client.listExamples({ datasetId: dataset.id })) {
  examples.push([example.inputs.city, example.outputs.river]);
}
console.log(
  JSON.stringify({
    experiment: results.experimentName,
    scores: results.results.map((row) => row.evaluationResults.results[0].score).sort(),
    runs: results.results.map((row) => row.run.id),
    examples: examples.sort(),
  }),
);
