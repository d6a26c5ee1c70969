using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Storage;

namespace ModelRegistry.Promotions;

/// <summary>A question put to a person through a client, and what it was about.</summary>
internal sealed record ElicitedQuestion(string PromotionId, int Revision, string StatementDigest, string ArgumentsDigest, string ActorId);

/// <summary>
/// Request states of MCP: bound to the caller, the promotion's revision and the arguments, used once. Without one, an answer
/// that a client volunteers is not an answer.
/// </summary>
internal sealed class ElicitedQuestions(OneTimeStates states)
{
    public ValueTask<string> OpenAsync(RegistrySession session, Actor by, Promotion promotion, string argumentsDigest, QuestionPlace place) =>
        states.OpenAsync(session, Purpose(place), new ElicitedQuestion(promotion.Id, promotion.Revision, promotion.Statement.Digest.Hex, argumentsDigest, by.Id));

    /// <summary>The question a state stands for, used up within the caller's transaction; null when it is not good.</summary>
    public async ValueTask<ElicitedQuestion?> CloseAsync(RegistrySession session, Actor by, string promotionId, string argumentsDigest, QuestionPlace place, string? state)
    {
        var question = await states.ReadAsync<ElicitedQuestion>(session, Purpose(place), state);
        // Looked at first: whoever stole it must not be able to use it up.
        return question is null || question.ActorId != by.Id || question.PromotionId != promotionId || question.ArgumentsDigest != argumentsDigest
            ? null : await states.CloseAsync<ElicitedQuestion>(session, Purpose(place), state);
    }

    // Whoever was sent to the page was not asked in a form.
    private static string Purpose(QuestionPlace place) => "elicitation-" + place.ToString().ToLowerInvariant();
}
