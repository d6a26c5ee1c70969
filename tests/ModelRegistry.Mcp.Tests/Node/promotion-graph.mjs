// An orchestrator as teams build them: looks up, proposes, stops until a person has decided, and goes on with what the
// registry says. Out: {"interrupt"} each time it stops, {"done"} with its state at the end. In: {"resume": anything}.
import { createInterface } from 'node:readline';
import { Annotation, Command, END, INTERRUPT, MemorySaver, START, StateGraph, interrupt } from '@langchain/langgraph';
import { MultiServerMCPClient } from '@langchain/mcp-adapters';

const { url, headers, model, candidate } = JSON.parse(process.argv[2]);
const say = message => process.stdout.write(JSON.stringify(message) + '\n');

const servers = new MultiServerMCPClient({ mcpServers: { registry: { transport: 'http', url, headers } } });
const tools = Object.fromEntries((await servers.getTools()).map(tool => [tool.name, tool]));

/** Calls a tool as a graph's tool node does; what came structured is the message's artifact. */
async function call(name, args) {
  const message = await tools[name].invoke({ type: 'tool_call', id: `${name}-1`, name, args });
  const structured = message.artifact?.find(part => part.type === 'mcp_structured_content');
  if (!structured) throw new Error(`${name}: ${JSON.stringify(message.content)}`);
  return structured.data;
}

const State = Annotation.Root({
  serving: Annotation(),
  better: Annotation(),
  promotion: Annotation(),
  claimed: Annotation({ reducer: (all, one) => [...all, one], default: () => [] }),
});

const graph = new StateGraph(State)
  .addNode('lookUp', async () => ({ serving: await call('get_serving_version', { model_name: model }) }))
  .addNode('compare', async ({ serving }) => ({ better: await call('compare_versions', { model_name: model, versions: [serving.version, candidate] }) }))
  .addNode('propose', async () => ({
    promotion: await call('promote_model', { model_name: model, version: candidate, stage: 'production', reason: 'better on held-out data', idempotency_key: `graph-${candidate}` }),
  }))
  // What comes back is a wake-up call. Whoever sends it may claim anything: it is kept, and decides nothing.
  .addNode('wait', ({ promotion }) => ({
    claimed: interrupt({ promotion_id: promotion.promotion_id, approve_command: promotion.approve_command, approve_url: promotion.approve_url, status: promotion.status }),
  }))
  .addNode('ask', async ({ promotion }) => ({ promotion: await call('get_promotion', { promotion_id: promotion.promotion_id }) }))
  .addNode('report', async () => ({ serving: await call('get_serving_version', { model_name: model }) }))
  .addEdge(START, 'lookUp')
  .addEdge('lookUp', 'compare')
  .addEdge('compare', 'propose')
  .addConditionalEdges('propose', ({ promotion }) => promotion.status === 'pending' ? 'wait' : 'report')
  .addEdge('wait', 'ask')
  .addConditionalEdges('ask', ({ promotion }) => promotion.status === 'pending' ? 'wait' : 'report')
  .addEdge('report', END)
  .compile({ checkpointer: new MemorySaver() });

const thread = { configurable: { thread_id: 'one' } };
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let state = await graph.invoke({}, thread);
while (state[INTERRUPT]) {
  say({ interrupt: state[INTERRUPT][0].value });
  const { resume } = JSON.parse((await lines.next()).value);
  state = await graph.invoke(new Command({ resume }), thread);
}
say({ done: state });
await servers.close();
process.exit(0);
