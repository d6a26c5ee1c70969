using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Lists and calls tools: caller, arguments, body, answer. The same for every transport.</summary>
internal sealed class ToolDesk
{
    private readonly IReadOnlyList<RegistryTool> _tools;
    private readonly WhoCalls _whoCalls;
    private readonly ILogger _log;
    private readonly Lazy<ListToolsResult> _list;

    public ToolDesk(IReadOnlyList<RegistryTool> tools, WhoCalls whoCalls, ILogger log)
    {
        (_tools, _whoCalls, _log) = (tools, whoCalls, log);
        // Made at the first listing: schemas take longer than the whole handshake.
        _list = new Lazy<ListToolsResult>(() => new ListToolsResult { Tools = [.. _tools.Select(t => t.Describe())] });
    }

    public ValueTask<ListToolsResult> ListAsync(RequestContext<ListToolsRequestParams> context, CancellationToken cancel) =>
        context.Params?.Cursor is null ? new(_list.Value) : throw new McpProtocolException("The tool list has one page; leave the cursor out.", McpErrorCode.InvalidParams);

    public async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> context, CancellationToken cancel)
    {
        var name = context.Params?.Name ?? "";
        if (_tools.FirstOrDefault(t => t.Name == name) is not { } tool)
            throw new McpProtocolException(Unknown(name), McpErrorCode.InvalidParams);
        try
        {
            var given = Arguments.Read(tool.Arguments, context.Params!.Arguments);
            if (given.Refusal is { } wrong)
                return Replies.ToolError(wrong);
            var caller = await _whoCalls(context, cancel);
            if (caller.Refusal is { } stranger)
                return Replies.ToolError(stranger);
            return await tool.Body(new ToolCall(caller.Value.Registry, caller.Value.By, given.Value, context), cancel);
        }
        catch (StorageUnavailableException outage)
        {
            _log.LogError(outage, "{Tool} met an outage of the storage", tool.Name);
            return Replies.ToolError("storage_unavailable", outage.Message, outage.Remedy);
        }
        catch (Exception e) when (e is not (OperationCanceledException or InputRequiredException or McpException))
        {
            _log.LogError(e, "{Tool} failed", tool.Name);
            return Replies.ToolError("internal_error", "The registry failed at this call; nothing half-done stays.", "Try once more; then look at the server's log (stderr).");
        }
    }

    private string Unknown(string name) =>
        $"Unknown tool '{Untrusted.Cut(Untrusted.Clean(name), 80)}'.{(Nearest.Of(name, _tools.Select(t => t.Name)) is { } near ? $" Did you mean '{near}'?" : "")} Tools: {string.Join(", ", _tools.Select(t => t.Name))}.";
}
