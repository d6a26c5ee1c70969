using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Tools;

/// <summary>
/// confirm_promotion: puts the question to the person at the client and takes their answer back.
/// </summary>
/// <remarks>
/// The tool is called again with the answer (MRTR, 2026-07-28; for earlier versions the SDK asks with
/// <c>elicitation/create</c> and calls again itself). An answer counts only with the state that was given out with the
/// question; its decision is read from the form's own field. The tool's arguments decide nothing.
/// </remarks>
internal static class Confirmation
{
    private const string Answer = "decision", Decision = "decision", Comment = "comment", Page = "page";

    // Clients give up on a call after a minute.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(50);

    public static async Task<Outcome<PromotionView>> AskAsync(ToolCall call, CancellationToken cancel)
    {
        var (desk, id) = (call.Registry.Promotions, call.Given.Need("promotion_id"));
        if (call.Context.Params!.RequestState is { } state)
            return await TakeAsync(call, id, state, cancel);
        var unsolicited = call.Context.Params.InputResponses is { Count: > 0 };
        var promotion = await desk.GetAsync(call.By, id, cancel);
        if (promotion.Refusal is not null || (promotion.Value.Status != "pending" && !unsolicited))
            return promotion;

        var elsewhere = promotion.Value.Required?.Assurance is not "attested";
        var byPage = (elsewhere || !CanAsk(call, Forms)) && promotion.Value.ApproveUrl is not null && CanAsk(call, Pages);
        if (unsolicited || (!byPage && (elsewhere || !CanAsk(call, Forms))))
            // A machine that says "approve" decides nothing, and it is on record that it tried.
            await desk.RefuseMachineAsync(call.By, id, Verdict(call.Given.Need(Decision)), cancel);
        if (promotion.Value.Status != "pending")
            return promotion;
        if (byPage && !unsolicited)
        {
            var led = await desk.AskAsync(call.By, id, DigestOf(call), QuestionPlace.Page, cancel);
            return led.Refusal is { } lost ? lost : throw new InputRequiredException(Link(promotion.Value), led.Value.RequestState);
        }
        if (elsewhere)
            return Undecided(promotion.Value, $"Nothing is decided: this stage takes a decision that is {promotion.Value.Required?.Assurance}, which no answer through this client can be.");
        if (!CanAsk(call, Forms))
            return Undecided(promotion.Value, "Nothing is decided: this client cannot show the person a form.");

        var question = await desk.AskAsync(call.By, id, DigestOf(call), QuestionPlace.Form, cancel);
        if (question.Refusal is { } no)
            return no.Kind == RefusalKind.Forbidden ? Undecided(promotion.Value, $"Nothing is decided: {no.Message}") : no;
        // Shown after the question was bound: if it changed in between, the answer meets a newer revision and is refused.
        var review = await desk.ReviewAsync(call.By, id, cancel);
        return review.Refusal is { } gone ? gone : throw new InputRequiredException(Form(review.Value), question.Value.RequestState);
    }

    private static async Task<Outcome<PromotionView>> TakeAsync(ToolCall call, string id, string state, CancellationToken cancel)
    {
        var desk = call.Registry.Promotions;
        if (Read(call.Context.Params!.InputResponses, Page) is { } led)
            return await WaitAsync(call, id, state, led, cancel);
        var answer = Read(call.Context.Params!.InputResponses, Answer);
        if (answer is { IsAccepted: true } && Text(answer, Decision) is "approve" or "reject")
            return await desk.AnswerAsync(call.By, id, DigestOf(call), state, Verdict(Text(answer, Decision)!), Text(answer, Comment) ?? "", cancel);
        var said = answer?.Action is "decline" or "cancel" ? answer.Action : "unclear";
        var dismissed = await desk.DismissAsync(call.By, id, DigestOf(call), state, said, QuestionPlace.Form, cancel);
        return dismissed.Then<PromotionView>(p => p.Status != "pending" ? p : Undecided(p, said switch
        {
            "decline" => "Nothing is decided: the person declined to answer.",
            "cancel" => "Nothing is decided: the person closed the question.",
            _ => "Nothing is decided: the answer did not say approve or reject.",
        }));
    }

    /// <summary>
    /// The person was led to the page, or would not be. What they do there is theirs: this only waits to report it. That the
    /// client says "accept" means no more than that the page was opened (Elicitation, URL mode).
    /// </summary>
    private static async Task<Outcome<PromotionView>> WaitAsync(ToolCall call, string id, string state, ElicitResult led, CancellationToken cancel)
    {
        var dismissed = await call.Registry.Promotions.DismissAsync(call.By, id, DigestOf(call), state, led.Action is "accept" or "decline" or "cancel" ? led.Action : "unclear", QuestionPlace.Page, cancel);
        if (dismissed.Refusal is not null || dismissed.Value.Status != "pending")
            return dismissed;
        if (!led.IsAccepted)
            return Undecided(dismissed.Value, "Nothing is decided: the person did not open the page.");
        var seen = await call.Registry.Promotions.WaitAsync(call.By, id, Patience, cancel);
        return seen.Then<PromotionView>(p => p.Status == "pending" ? Undecided(p, "Nothing is decided yet: the person was led to the page.") : p);
    }

    private static Dictionary<string, InputRequest> Link(PromotionView promotion) => new()
    {
        [Page] = InputRequest.ForElicitation(new ElicitRequestParams
        {
            Mode = "url",
            ElicitationId = promotion.PromotionId,
            Url = promotion.ApproveUrl,
            Message = Untrusted.Clean($"Decide on {(promotion.Deployment is { } wish ? $"deploying {promotion.ModelName} {promotion.Version} on {wish.Target}" : $"moving {promotion.ModelName} {promotion.Version} to {promotion.ToStage}")}: the page shows what would change and asks for your own passphrase or passkey."),
        }),
    };

    private static PromotionView Undecided(PromotionView promotion, string why) => promotion with
    {
        Next = $"{why} A person decides {(promotion.ApproveUrl is null ? "" : "on the approve page or ")}in a terminal, with the approve command; tell them, and look again with get_promotion.",
    };

    private static Dictionary<string, InputRequest> Form(ReviewView review) => new()
    {
        [Answer] = InputRequest.ForElicitation(new ElicitRequestParams
        {
            Message = Untrusted.Clean(TextOf.Question(review)),
            RequestedSchema = new ElicitRequestParams.RequestSchema
            {
                Properties = new Dictionary<string, ElicitRequestParams.PrimitiveSchemaDefinition>
                {
                    // No default: a form sent off unread must not approve.
                    [Decision] = new ElicitRequestParams.UntitledSingleSelectEnumSchema { Title = "Decision", Description = "approve or reject", Enum = ["approve", "reject"] },
                    [Comment] = new ElicitRequestParams.StringSchema { Title = "Comment", Description = "goes on record", MaxLength = 1_000 },
                },
                Required = [Decision],
            },
        }),
    };

    /// <summary>
    /// Whether the client can do something of elicitation, which it says with each request (2026-07-28), at the start of its session, or both;
    /// where both are said, the SDK goes by the session. An empty capability means forms: Elicitation, Capabilities.
    /// </summary>
    private static bool CanAsk(ToolCall call, Func<ClientCapabilities, bool> able)
    {
        var (request, session) = (call.Context.JsonRpcRequest.Context?.ClientCapabilities, call.Context.Server.ClientCapabilities);
        return call.Context.Server.IsMrtrSupported && (request is not null || session is not null) && (request is null || able(request)) && (session is null || able(session));
    }

    private static bool Forms(ClientCapabilities capabilities) => capabilities.Elicitation is { } elicitation && (elicitation.Form is not null || elicitation.Url is null);

    private static bool Pages(ClientCapabilities capabilities) => capabilities.Elicitation?.Url is not null;

    private static ElicitResult? Read(IDictionary<string, InputResponse>? answers, string key)
    {
        try
        {
            return answers?.TryGetValue(key, out var answer) == true ? answer.Deserialize(InputResponse.ElicitResultJsonTypeInfo) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(ElicitResult answer, string field) =>
        answer.Content?.TryGetValue(field, out var value) == true && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DecisionVerdict Verdict(string word) => word == "approve" ? DecisionVerdict.Approve : DecisionVerdict.Reject;

    /// <summary>An answer counts only for the very call it was asked in.</summary>
    private static string DigestOf(ToolCall call) => CanonicalJson.Digest(new JsonObject
    {
        ["tool"] = call.Context.Params!.Name,
        ["arguments"] = new JsonObject(call.Context.Params.Arguments?.Select(a => KeyValuePair.Create(a.Key, Digested(a.Value))) ?? []),
    }).Hex;

    // A number stands for the text it is read as; not every number has a canonical form.
    private static JsonNode? Digested(JsonElement argument) =>
        argument.ValueKind == JsonValueKind.Number ? JsonValue.Create(argument.GetRawText()) : JsonNode.Parse(argument.GetRawText());
}
