using System.Reflection;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>A server with exactly the tools, prompts and resources that the official suites call by name. The product has none of them.</summary>
internal static class Fixtures
{
    private const string Stateless = "2026-07-28";

    public static McpServerOptions Options() => new()
    {
        ServerInfo = new Implementation { Name = "conformance-fixtures", Version = "1" },
        Capabilities = new ServerCapabilities
        {
            Tools = new() { ListChanged = true },
            Prompts = new() { ListChanged = true },
            Resources = new() { Subscribe = true },
            Completions = new(),
            Logging = new(),
        },
        ToolCollection = [.. Marked<McpServerToolAttribute>().Select(m => McpServerTool.Create(m)), ContentFixtures.SchemaTool()],
        PromptCollection = [.. Marked<McpServerPromptAttribute>().Select(m => McpServerPrompt.Create(m))],
        ResourceCollection = [.. Marked<McpServerResourceAttribute>().Select(m => McpServerResource.Create(m))],
        Handlers = new McpServerHandlers
        {
            CompleteHandler = (_, _) => new(new CompleteResult { Completion = new Completion { Values = [] } }),
            SubscribeToResourcesHandler = (_, _) => new(new EmptyResult()),
            UnsubscribeFromResourcesHandler = (_, _) => new(new EmptyResult()),
            ReadResourceHandler = (context, _) => throw NotFound(context),
        },
    };

    /// <summary>In 2026-07-28 an unknown URI is an invalid parameter; before, it had a code of its own (Resources, Error Handling).</summary>
    private static McpProtocolException NotFound(RequestContext<ReadResourceRequestParams> context)
    {
        var code = context.Server.NegotiatedProtocolVersion == Stateless ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound;
        return new McpProtocolException($"There is no resource {context.Params!.Uri}.", code) { Data = { ["uri"] = context.Params.Uri } };
    }

    private static IEnumerable<MethodInfo> Marked<T>() where T : Attribute =>
        new[] { typeof(ContentFixtures), typeof(ClientFixtures), typeof(RoundTripFixtures), typeof(ReadingFixtures) }
            .SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(T)));
}
