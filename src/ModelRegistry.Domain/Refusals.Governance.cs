namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- changing the policy ------------------------------------------------------------------------------------

    public static Refusal PolicyUnchanged(string name) => new(RefusalKind.Conflict, "policy_unchanged",
        $"The policy '{name}' is in force already, just as it is.", "Nothing needs to be done.");

    public static Refusal PolicyMoved(string inForce) => new(RefusalKind.Conflict, "policy_moved",
        $"Another policy is in force than the one this was shown against: '{inForce}' now.", "Look at the difference against what is in force now (policy check) and decide again.");

    public static Refusal PolicyStageInUse(IReadOnlyList<string> uses) => new(RefusalKind.Conflict, "policy_stage_in_use",
        $"The new policy leaves no place for what is there: {string.Join("; ", uses)}.", "Keep these stages in the policy, or move those versions out of them first (promote).");

    public static Refusal PolicyNeedsProof(Assurance asked) => new(RefusalKind.Forbidden, "policy_proof_too_low",
        $"The policy in force takes a proof of assurance '{Word(asked)}' to put another in its place.",
        asked == Assurance.Signed ? "Accept it with a passkey on the pages of a running server; a passphrase does not sign." : "Accept it with a passphrase on a terminal, or with a passkey.");

    public static Refusal PolicyProofForAnother => new(RefusalKind.Forbidden, "policy_proof_for_another",
        "The passkey signed something else than this change of the policy.", "Look at the difference and sign this change (a new challenge).");

    public static Refusal PolicyConsented(string person) => new(RefusalKind.Conflict, "policy_already_agreed",
        $"{person} has agreed to this change of the policy already.", "Another admin has to agree.");

    public static Refusal PolicyEnrolledLater(string person) => new(RefusalKind.Forbidden, "policy_enrolled_later",
        $"{person}, or the credential used, was enrolled after this change of the policy was proposed.", "Ask an admin enrolled earlier, or propose it again.");

    public static Refusal PolicyChangeOver(PolicyChangeState state) => new(RefusalKind.Conflict, "policy_change_over",
        $"This change of the policy no longer waits: it is {state.ToString().ToLowerInvariant()}.", "Look at policy history; propose it again if it is still wanted.");

    public static Refusal PolicyChangeNotFound => new(RefusalKind.NotFound, "policy_change_not_found",
        "No change of the policy is waiting.", "Propose one with `policy accept FILE`.");

    public static Refusal PolicyNotInHistory(string? asked) => new(RefusalKind.NotFound, "policy_not_in_history",
        $"No policy of this registry is, or was at that time, '{Shown(asked)}'.", "Look at policy history for digests and times.");

    // ---- breaking the glass -------------------------------------------------------------------------------------

    public static Refusal GlassNeedsPerson => new(RefusalKind.Forbidden, "glass_needs_person",
        "The glass is broken by a person with a signature of their own; no agent, service or token can.", "Ask a person whom the policy lists under break_glass to open the approval page.");

    public static Refusal GlassNeedsSignature => new(RefusalKind.Forbidden, "glass_needs_signature",
        "Breaking the glass takes a signature with a passkey, which neither a passphrase nor a terminal can give.", "Open the promotion's approval page on a running server and break the glass there.");

    public static Refusal GlassNotTrusted(string person) => new(RefusalKind.Forbidden, "glass_not_trusted",
        $"The policy in force does not list {person} among those who may break the glass.", "Ask one who is listed (policy show), or let the approvers decide.");

    public static Refusal GlassReasonMissing => new(RefusalKind.Invalid, "glass_reason_missing",
        "Breaking the glass takes a reason.", "Say why it cannot wait; whoever reviews it reads that.", new Dictionary<string, string> { ["reason"] = "why it cannot wait" });

    public static Refusal GlassContent(string id, string why) => new(RefusalKind.PolicyUnmet, "glass_content_unverified",
        $"Nobody can set aside what promotion {id} fails at: {why}", "Nothing moved. Register the files again and propose that version.");

    public static Refusal GlassNotBroken(string? id) => new(RefusalKind.NotFound, "glass_not_broken",
        $"No glass was broken for promotion '{Shown(id)}'.", "Call pending to see which reviews are owed.");

    public static Refusal GlassReviewed(string id, string person) => new(RefusalKind.Conflict, "glass_reviewed",
        $"The broken glass of promotion {id} was reviewed already, by {person}.", "Look at the promotion to see what they said.");

    public static Refusal GlassReviewNeedsAnother(string person, string interest) => new(RefusalKind.Forbidden, "glass_review_needs_another",
        $"{person} {interest}, and a broken glass is reviewed by somebody else.", "Ask another approver to review it.");

    public static Refusal GlassObjectionMissing => new(RefusalKind.Invalid, "glass_objection_missing",
        "An objection says what is objected to.", "Give a comment.", new Dictionary<string, string> { ["comment"] = "what is objected to" });

    public static Refusal GlassReviewUnproven => new(RefusalKind.Forbidden, "glass_review_unproven",
        "A review takes a passphrase or a passkey, used now.", "Review it on a terminal (review) or on the promotion's page.");
}
