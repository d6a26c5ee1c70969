using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Tools;

namespace ModelRegistry.Mcp;

internal static partial class Replies
{
    /// <summary>A tool's answer: the view as structured content and the same facts as text, or the refusal.</summary>
    public static CallToolResult Tool<T>(Outcome<T> outcome, Func<T, string> text) =>
        outcome.Match(view => Tool(view, text(view)), ToolError);

    public static CallToolResult Tool<T>(T view, string text) => new()
    {
        Content = [new TextContentBlock { Text = text }],
        StructuredContent = ToolJson.Of(view),
    };

    /// <summary>
    /// A tool's no: text alone, since strict clients drop an error whose structured content does not fit the output schema.
    /// </summary>
    public static CallToolResult ToolError(Refusal refusal)
    {
        FaceMeter.Refused(refusal, "mcp");
        var message = new StringBuilder();
        if (refusal.Fields is { Count: > 0 } fields && refusal.Code == "invalid_arguments")
            foreach (var (field, problem) in fields)
                message.Append("- ").Append(field).Append(": ").Append(problem).Append(problem.EndsWith('.') || problem.EndsWith('?') ? "\n" : ".\n");
        else
            message.Append(refusal.Message);
        return ToolError(refusal.Code, message.ToString().TrimEnd(), refusal.Remedy);
    }

    /// <summary>A no to a request that has no tool's answer to put it in: code, message and remedy.</summary>
    public static McpProtocolException ProtocolError(Refusal refusal, McpErrorCode code)
    {
        FaceMeter.Refused(refusal, "mcp");
        return new McpProtocolException(Untrusted.Clean(refusal.ToString()), code);
    }

    /// <summary>A no, or an outage, as the whole JSON-RPC error response to a request that went no further: for who reads messages only, and as data.</summary>
    public static byte[] RpcError(RequestId id, McpErrorCode rpc, string code, string message, string remedy) => JsonSerializer.SerializeToUtf8Bytes<JsonRpcMessage>(new JsonRpcError
    {
        Id = id,
        Error = new JsonRpcErrorDetail { Code = (int)rpc, Message = Untrusted.Clean($"{code}: {message} {remedy}"), Data = new JsonObject { ["code"] = code, ["remedy"] = Untrusted.Clean(remedy) } },
    }, McpJsonUtilities.DefaultOptions);

    public static CallToolResult ToolError(string code, string message, string remedy) => new()
    {
        IsError = true,
        Content = [new TextContentBlock { Text = Untrusted.Clean($"{ErrorMark}{code}\n{message}\nNext: {remedy}") }],
    };

    private const string ErrorMark = "error: ";

    /// <summary>The code of a tool's no, as <see cref="ToolError(string, string, string)"/> wrote it; null of a yes.</summary>
    public static string? ToolErrorCode(CallToolResult result) => result is { IsError: true, Content: [TextContentBlock { Text: var text }, ..] } && text.StartsWith(ErrorMark, StringComparison.Ordinal)
        ? text[ErrorMark.Length..].Split('\n', 2)[0] : null;
}
