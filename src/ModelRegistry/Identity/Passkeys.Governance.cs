using ModelRegistry.Domain;

namespace ModelRegistry.Identity;

/// <summary>Challenges for what is signed beside decisions: changes of the policy, and reviews of broken glass.</summary>
public sealed partial class Passkeys
{
    /// <summary>A challenge that is one admin's word on a change of the policy: which policy replaces which.</summary>
    /// <param name="statementDigest">As the comparison, or the change that waits, shows it.</param>
    /// <param name="word"><c>accept_policy</c> or <c>reject_policy</c>.</param>
    public Task<Outcome<CeremonyView>> PolicyChallengeAsync(string statementDigest, string word, CancellationToken cancel = default) => AskAsync(Purpose(PasskeyUse.Decide), _ => new ValueTask<Outcome<Challenge>>(
        word is not (PolicyChange.AcceptWord or PolicyChange.RejectWord) ? Refusals.InvalidArgument("word", $"{PolicyChange.AcceptWord} or {PolicyChange.RejectWord}")
        : !Digest.TryParse(statementDigest, out var digest) ? Refusals.InvalidArgument("statement_digest", "64 hexadecimal digits in lower case")
        : new Challenge(Nonce(), StatementDigest: digest.Hex, Word: word)), cancel);

    /// <summary>A challenge that is one approver's verdict on a broken glass.</summary>
    public Task<Outcome<CeremonyView>> GlassChallengeAsync(string promotionId, GlassVerdict verdict, CancellationToken cancel = default) => AskAsync(Purpose(PasskeyUse.Decide), async session =>
        await session.FindPromotionAsync(promotionId) is not { } stored ? Refusals.PromotionNotFound(promotionId)
        : stored.Promotion.Glass is null ? Refusals.GlassNotBroken(promotionId)
        : new Challenge(Nonce(), promotionId, stored.Promotion.Revision, stored.Promotion.Statement.Digest.Hex, GlassBreak.ReviewWord(verdict)), cancel);
}
