using System.ComponentModel;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using static ModelContextProtocol.Protocol.ElicitRequestParams;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>Tools of the suites that need something of the client: an answer within the session, a capability, an open stream.</summary>
internal static class ClientFixtures
{
    [McpServerTool(Name = "test_sampling"), Description("Has the client's model answer.")]
    public static async Task<string> Sampling(McpServer server, string prompt, CancellationToken cancel)
    {
        var said = await server.SampleAsync(new CreateMessageRequestParams { Messages = [Question(prompt)], MaxTokens = 100 }, cancel);
        return $"LLM response: {string.Concat(said.Content.OfType<TextContentBlock>().Select(t => t.Text))}";
    }

    [McpServerTool(Name = "test_elicitation"), Description("Asks the person for a name and an address.")]
    public static Task<string> Elicitation(McpServer server, string message, CancellationToken cancel) => AskAsync(server, message, new()
    {
        ["username"] = new StringSchema { Description = "User's response" },
        ["email"] = new StringSchema { Description = "User's email address" },
    }, cancel);

    [McpServerTool(Name = "test_elicitation_sep1034_defaults"), Description("Asks with a default for each type.")]
    public static Task<string> Defaults(McpServer server, CancellationToken cancel) => AskAsync(server, "Please review these values", new()
    {
        ["name"] = new StringSchema { Default = "John Doe" },
        ["age"] = new NumberSchema { Type = "integer", Default = 30 },
        ["score"] = new NumberSchema { Default = 95.5 },
        ["status"] = new UntitledSingleSelectEnumSchema { Enum = ["active", "inactive", "pending"], Default = "active" },
        ["verified"] = new BooleanSchema { Default = true },
    }, cancel);

    [McpServerTool(Name = "test_elicitation_sep1330_enums"), Description("Asks with each kind of choice.")]
    public static Task<string> Choices(McpServer server, CancellationToken cancel) => AskAsync(server, "Please choose", new()
    {
        ["untitledSingle"] = new UntitledSingleSelectEnumSchema { Enum = ["option1", "option2", "option3"] },
        ["titledSingle"] = new TitledSingleSelectEnumSchema { OneOf = Titled("First Option", "Second Option", "Third Option") },
        ["legacyEnum"] = new LegacyTitledEnumSchema { Enum = ["opt1", "opt2", "opt3"], EnumNames = ["Option One", "Option Two", "Option Three"] },
        ["untitledMulti"] = new UntitledMultiSelectEnumSchema { Items = new() { Enum = ["option1", "option2", "option3"] } },
        ["titledMulti"] = new TitledMultiSelectEnumSchema { Items = new() { AnyOf = Titled("First Choice", "Second Choice", "Third Choice") } },
    }, cancel);

    [McpServerTool(Name = "test_missing_capability"), Description("Works only where the client can sample.")]
    public static string MissingCapability(RequestContext<CallToolRequestParams> call) =>
        call.JsonRpcRequest.Context?.ClientCapabilities?.Sampling is not null
            ? "The client can sample."
            : throw new MissingRequiredClientCapabilityException(new ClientCapabilities { Sampling = new() }, "This tool needs a client that can sample.");

    [McpServerTool(Name = "test_streaming_elicitation"), Description("Answers without asking: in 2026-07-28 no question travels on a response's stream.")]
    public static string StreamingElicitation() => "Nothing was asked.";

    [McpServerTool(Name = "test_reconnection"), Description("Lets go of the connection before it answers, where the transport can.")]
    public static string Reconnection() => "Reconnection test completed successfully";

    [McpServerTool(Name = "test_trigger_tool_change"), Description("Adds a tool for a moment.")]
    public static string ChangeTools(McpServer server) =>
        Flicker(server.ServerOptions.ToolCollection!, McpServerTool.Create(() => "", new McpServerToolCreateOptions { Name = Passing() }));

    [McpServerTool(Name = "test_trigger_prompt_change"), Description("Adds a prompt for a moment.")]
    public static string ChangePrompts(McpServer server) =>
        Flicker(server.ServerOptions.PromptCollection!, McpServerPrompt.Create(() => "", new McpServerPromptCreateOptions { Name = Passing() }));

    public static SamplingMessage Question(string text) => new() { Role = Role.User, Content = [new TextContentBlock { Text = text }] };

    private static async Task<string> AskAsync(McpServer server, string message, Dictionary<string, PrimitiveSchemaDefinition> fields, CancellationToken cancel)
    {
        var said = await server.ElicitAsync(new ElicitRequestParams { Message = message, RequestedSchema = new RequestSchema { Properties = fields } }, cancel);
        return $"Elicitation completed: action={said.Action}, content={JsonSerializer.Serialize(said.Content)}";
    }

    private static List<EnumSchemaOption> Titled(params string[] titles) => [.. titles.Select((title, at) => new EnumSchemaOption { Const = $"value{at + 1}", Title = title })];

    private static string Passing() => $"passing_{Guid.NewGuid():N}";

    private static string Flicker<T>(McpServerPrimitiveCollection<T> all, T one) where T : IMcpServerPrimitive
    {
        all.Add(one);
        all.Remove(one);
        return "The list changed, and changed back.";
    }
}
