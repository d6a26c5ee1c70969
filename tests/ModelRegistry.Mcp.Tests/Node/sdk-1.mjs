// @modelcontextprotocol/sdk: what most clients are built on. It speaks 2025-11-25 and earlier.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { drive, failed } from './session.mjs';

async function open({ stdio, url, headers, forms }, { ask, updated }) {
  const client = new Client({ name: 'sdk-1', version: '1' }, { capabilities: forms ? { elicitation: {} } : {} });
  if (forms) client.setRequestHandler(ElicitRequestSchema, request => ask(request.params));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => updated(params.uri));
  const transport = stdio ? new StdioClientTransport(stdio) : new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  // The client says it to transports that want to know.
  let version;
  const tell = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = said => {
    version = said;
    tell?.(said);
  };
  await client.connect(transport);
  return {
    about: () => ({ server: client.getServerVersion(), capabilities: client.getServerCapabilities(), instructions: client.getInstructions(), version }),
    invoke: (method, parameters, options) =>
      method === 'callTool' ? client.callTool(parameters, CallToolResultSchema, options) : client[method](parameters, options),
    close: async () => {
      if (url) await transport.terminateSession();
      await client.close();
    },
  };
}

drive(open).catch(failed);
