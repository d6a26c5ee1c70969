// @modelcontextprotocol/client: speaks 2026-07-28 when it is told to, and the versions before by itself.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { drive, failed } from './session.mjs';

async function open({ stdio, url, headers, forms, mode }, { ask, updated }) {
  const client = new Client(
    { name: 'sdk-2', version: '1' },
    { capabilities: forms ? { elicitation: { form: {} } } : {}, ...(mode && { versionNegotiation: { mode } }) });
  if (forms) client.setRequestHandler('elicitation/create', request => ask(request.params));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => updated(params.uri));
  const transport = stdio ? new StdioClientTransport(stdio) : new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport);

  const listening = [];
  const modern = client.getProtocolEra() === 'modern';
  // 2026-07-28 has no subscribe request: one stays open and says what it listens to.
  const subscribe = async ({ uri }) => {
    listening.push(await client.listen({ resourceSubscriptions: [uri] }));
    return {};
  };
  return {
    about: () => ({ server: client.getServerVersion(), capabilities: client.getServerCapabilities(), instructions: client.getInstructions(), version: client.getNegotiatedProtocolVersion(), era: client.getProtocolEra() }),
    invoke: (method, parameters, options) => modern && method === 'subscribeResource' ? subscribe(parameters) : client[method](parameters, options),
    close: async () => {
      for (const one of listening) await one.close();
      if (url && !modern) await transport.terminateSession();
      await client.close();
    },
  };
}

drive(open).catch(failed);
