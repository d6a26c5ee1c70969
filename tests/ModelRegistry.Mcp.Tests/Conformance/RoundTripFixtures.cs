using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using static ModelContextProtocol.Protocol.ElicitRequestParams;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>Tools of the suites that ask by answering "input required" and are called again with what was said (Multi Round-Trip Requests, 2026-07-28).</summary>
internal static class RoundTripFixtures
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    [McpServerTool(Name = "test_input_required_result_elicitation"), Description("Asks for a name.")]
    public static string Elicitation(RequestContext<CallToolRequestParams> call) =>
        NameIn(call) is { } name ? $"Hello, {name}!" : throw Ask(("user_name", Form("What is your name?", "name")));

    [McpServerTool(Name = "test_input_required_result_sampling"), Description("Has the client's model answer.")]
    public static string Sampling(RequestContext<CallToolRequestParams> call) =>
        Said(call, "capital_question") ? "The model answered." : throw Ask(("capital_question", Sample("What is the capital of France?")));

    [McpServerTool(Name = "test_input_required_result_list_roots"), Description("Asks for the client's roots.")]
    public static string Roots(RequestContext<CallToolRequestParams> call) =>
        Said(call, "client_roots") ? "The roots are known." : throw Ask(("client_roots", ListRoots()));

    [McpServerTool(Name = "test_input_required_result_request_state"), Description("Gives out a state and wants it back.")]
    public static string RequestState(RequestContext<CallToolRequestParams> call) =>
        Known(call.Params!.RequestState, out _) ? "state-ok" : throw Ask(Sealed("asked"), Confirm());

    [McpServerTool(Name = "test_input_required_result_tampered_state"), Description("Refuses a state that is not its own.")]
    public static string TamperedState(RequestContext<CallToolRequestParams> call)
    {
        if (call.Params!.RequestState is not { } state)
            throw Ask(Sealed("asked"), Confirm());
        return Known(state, out _) ? "The state is what was given out." : throw new McpProtocolException("requestState failed its integrity check.", McpErrorCode.InvalidParams);
    }

    [McpServerTool(Name = "test_input_required_result_multiple_inputs"), Description("Asks for three things at once.")]
    public static string MultipleInputs(RequestContext<CallToolRequestParams> call) =>
        Said(call, "user_name") && Said(call, "greeting") && Said(call, "client_roots")
            ? "All three were answered."
            : throw Ask(Sealed("three"), ("user_name", Form("What is your name?", "name")), ("greeting", Sample("Greet the user.")), ("client_roots", ListRoots()));

    [McpServerTool(Name = "test_input_required_result_multi_round"), Description("Asks twice.")]
    public static string MultiRound(RequestContext<CallToolRequestParams> call)
    {
        var known = Known(call.Params!.RequestState, out var round);
        if (known && round == "second" && Said(call, "step2"))
            return "Both rounds are done.";
        if (known && round == "first" && Said(call, "step1"))
            throw Ask(Sealed("second"), ("step2", Form("What is your favorite color?", "color")));
        throw Ask(Sealed("first"), ("step1", Form("What is your name?", "name")));
    }

    [McpServerTool(Name = "test_input_required_result_capabilities"), Description("Asks only for what the client says it can do.")]
    public static string Capabilities(RequestContext<CallToolRequestParams> call)
    {
        if (call.Params!.InputResponses is { Count: > 0 })
            return "What could be asked was answered.";
        var client = call.JsonRpcRequest.Context?.ClientCapabilities;
        var questions = new List<(string, InputRequest)>();
        if (client?.Elicitation is not null)
            questions.Add(("user_name", Form("What is your name?", "name")));
        if (client?.Sampling is not null)
            questions.Add(("greeting", Sample("Greet the user.")));
        if (client?.Roots is not null)
            questions.Add(("client_roots", ListRoots()));
        return questions.Count == 0 ? "This client can be asked nothing." : throw Ask([.. questions]);
    }

    [McpServerPrompt(Name = "test_input_required_result_prompt"), Description("A prompt that asks before it is given.")]
    public static string Prompt(RequestContext<GetPromptRequestParams> call) =>
        call.Params!.InputResponses?.ContainsKey("user_context") == true ? "Use the context that was given." : throw Ask(("user_context", Form("What is the context?", "context")));

    private static InputRequiredException Ask(params (string Key, InputRequest Request)[] questions) => Ask(null, questions);

    private static InputRequiredException Ask(string? state, params (string Key, InputRequest Request)[] questions) =>
        new(questions.ToDictionary(q => q.Key, q => q.Request), state);

    private static InputRequest Form(string message, string field, PrimitiveSchemaDefinition? type = null) => InputRequest.ForElicitation(new ElicitRequestParams
    {
        Message = message,
        RequestedSchema = new RequestSchema { Properties = new Dictionary<string, PrimitiveSchemaDefinition> { [field] = type ?? new StringSchema() }, Required = [field] },
    });

    private static (string, InputRequest) Confirm() => ("confirm", Form("Please confirm", "ok", new BooleanSchema()));

    private static InputRequest Sample(string prompt) => InputRequest.ForSampling(new CreateMessageRequestParams { Messages = [ClientFixtures.Question(prompt)], MaxTokens = 100 });

    private static InputRequest ListRoots() => InputRequest.ForRootsList(new ListRootsRequestParams());

    private static bool Said(RequestContext<CallToolRequestParams> call, string key) => call.Params!.InputResponses?.ContainsKey(key) == true;

    /// <summary>The name that was accepted; null where the answer is none, whatever it looks like.</summary>
    private static string? NameIn(RequestContext<CallToolRequestParams> call)
    {
        if (call.Params!.InputResponses?.TryGetValue("user_name", out var answer) != true)
            return null;
        try
        {
            var said = answer!.Deserialize(InputResponse.ElicitResultJsonTypeInfo);
            return said is { IsAccepted: true, Content: { } fields } && fields.TryGetValue("name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Sealed(string state) => $"{state}.{Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(state)))}";

    private static bool Known(string? given, [NotNullWhen(true)] out string? state)
    {
        state = given?.Split('.')[0];
        return state is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given!), Encoding.UTF8.GetBytes(Sealed(state)));
    }
}
