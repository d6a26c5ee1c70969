using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Which tools a request is offered: over HTTP each may say, with its headers.</summary>
internal delegate ToolSurface WhatIsOffered(MessageContext context);

/// <summary>Lists and calls tools: caller, arguments, body, answer. The same for every transport.</summary>
internal sealed class ToolDesk(WhatIsOffered offered, WhoCalls whoCalls, ILogger log)
{
    public ValueTask<ListToolsResult> ListAsync(RequestContext<ListToolsRequestParams> context, CancellationToken cancel) =>
        context.Params?.Cursor is null ? new(offered(context).List) : throw new McpProtocolException("The tool list has one page; leave the cursor out.", McpErrorCode.InvalidParams);

    public async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> context, CancellationToken cancel)
    {
        var name = context.Params?.Name ?? "";
        var surface = offered(context);
        if (surface.Find(name) is not { } tool)
            throw new McpProtocolException(Unknown(name, surface), McpErrorCode.InvalidParams);
        return await CallAsync(tool, context.Params!.Arguments, () => whoCalls(context, cancel), context, cancel);
    }

    /// <summary>Calls a tool that is known to be offered.</summary>
    /// <param name="asked">The request; null for a tool that only reads.</param>
    public async ValueTask<CallToolResult> CallAsync(RegistryTool tool, IDictionary<string, JsonElement>? arguments, Func<ValueTask<Outcome<ToolCaller>>> who, RequestContext<CallToolRequestParams>? asked, CancellationToken cancel)
    {
        var result = await AnswerAsync(tool, arguments, who, asked, cancel);
        if (Replies.ToolErrorCode(result) is { } code)
            Operations.Failed(code);
        return result;
    }

    private async ValueTask<CallToolResult> AnswerAsync(RegistryTool tool, IDictionary<string, JsonElement>? arguments, Func<ValueTask<Outcome<ToolCaller>>> who, RequestContext<CallToolRequestParams>? asked, CancellationToken cancel)
    {
        try
        {
            var given = Arguments.Read(tool.Arguments, arguments);
            if (given.Refusal is { } wrong)
                return Replies.ToolError(wrong);
            var caller = await who();
            if (caller.Refusal is { } stranger)
                return Replies.ToolError(stranger);
            return await tool.Body(new ToolCall(caller.Value.Registry, caller.Value.By, given.Value, asked), cancel);
        }
        catch (StorageUnavailableException outage)
        {
            log.LogError(outage, "{Tool} met an outage of the storage", tool.Name);
            return Replies.ToolError(outage.Code, outage.Message, outage.Remedy);
        }
        catch (Exception e) when (e is not (OperationCanceledException or InputRequiredException or McpException))
        {
            log.LogError(e, "{Tool} failed", tool.Name);
            return Replies.ToolError("internal_error", "The registry failed at this call; nothing half-done stays.", "Try once more; then look at the server's log (stderr).");
        }
    }

    private static string Unknown(string name, ToolSurface surface) =>
        $"Unknown tool '{Untrusted.Cut(Untrusted.Clean(name), 80)}'.{(Nearest.Of(name, surface.Tools.Select(t => t.Name)) is { } near ? $" Did you mean '{near}'?" : "")} Tools: {string.Join(", ", surface.Tools.Select(t => t.Name))}.";
}
