namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- promotions ---------------------------------------------------------------------------------------------

    public static Refusal PromotionNotFound(string? id) => new(RefusalKind.NotFound, "promotion_not_found",
        $"There is no promotion '{Shown(id)}'.", "Call list_promotions (or pending) to see what is waiting.");

    public static Refusal PromotionNotPending(string id, PromotionState state) => new(RefusalKind.Conflict, "promotion_not_pending",
        $"Promotion {id} is no longer pending: it is {Word(state)}.", "Call get_promotion to see what happened; propose again if it is still wanted.");

    public static Refusal PromotionNotApproved(string id, PromotionState state) => new(RefusalKind.Conflict, "promotion_not_approved",
        $"Promotion {id} is {Word(state)}; only one that is approved and not yet applied can be applied or revoked.", state == PromotionState.Applied ? "Use rollback to go back to an earlier version." : "Call get_promotion to see where it stands.");

    public static Refusal PromotionOver(string id, PromotionState state) => new(RefusalKind.Conflict, "promotion_over",
        $"Promotion {id} is {Word(state)} and stays so.", "Propose again if it is still wanted.");

    public static Refusal PromotionExpired(string id) => new(RefusalKind.Conflict, "promotion_expired",
        $"Promotion {id} has expired.", "Propose again; the proposer can use the same reason.");

    public static Refusal PromotionTooEarly(string id, DateTimeOffset notBefore) => new(RefusalKind.Conflict, "promotion_too_early",
        $"Promotion {id} is not to be applied before {Times.Text(notBefore)}.", "Apply it then.");

    public static Refusal QuorumLost(string id, IReadOnlyList<string> missing) => new(RefusalKind.PolicyUnmet, "quorum_lost",
        $"The approvals of promotion {id} no longer fill the quorum; missing: {string.Join(", ", missing)}.", "Propose again, so that persons who may approve today decide.");

    public static Refusal PromotionSuperseded(string id, string why) => new(RefusalKind.Conflict, "promotion_superseded",
        $"Promotion {id} is superseded: {why}", "Look at what serves now and propose again if it is still wanted.");

    public static Refusal StatementChanged(string id, int revision) => new(RefusalKind.Conflict, "statement_changed",
        $"What promotion {id} asks for changed; it is at revision {revision} now and earlier approvals are void.", "Read the new statement and decide again.");

    public static Refusal StatementUnnamed(string id) => new(RefusalKind.Invalid, "statement_unnamed",
        "An approval says which statement was looked at.", $"Look at GET /promotions/{id}/statement, and send its statement_digest as statement_sha256.", new Dictionary<string, string> { ["statement_sha256"] = "is missing" });

    public static Refusal AnotherPending(string id, string version, string stage) => new(RefusalKind.Conflict, "promotion_already_live",
        $"Promotion {id} of version {version} to {stage} is still live; there is one at a time.", $"Wait for its decision or withdraw it (withdraw_promotion, or `withdraw {id}`).");

    public static Refusal AlreadyThere(string version, string stage) => new(RefusalKind.Conflict, "already_in_stage",
        $"Version {version} is in {stage} already.", "Nothing needs to be done; call get_serving_version to see what serves.");

    public static Refusal AlreadyDecided(string id, string person) => new(RefusalKind.Conflict, "already_decided",
        $"{person} has decided on this revision of promotion {id} already.", "Another person has to decide.");

    public static Refusal IdempotencyKeyReused(string key) => new(RefusalKind.Conflict, "idempotency_key_reused",
        $"The idempotency key '{Shown(key)}' was used for a different request.", "Use a new key for a new request.");

    public static Refusal NotYours(string id) => new(RefusalKind.Forbidden, "not_yours",
        $"Promotion {id} was proposed by someone else.", "Its proposer, the proposer's owner or an approver can withdraw it.");

    public static Refusal NoOwner => new(RefusalKind.Forbidden, "no_owner",
        "Nobody answers for this caller, so it cannot propose.", "Use a credential that a person owns; where there is no person yet, run `init --person NAME` on a terminal.");

    public static Refusal NothingToRollBackTo(string model, string stage) => new(RefusalKind.Conflict, "nothing_to_roll_back_to",
        $"No other version of '{model}' has served {stage}.", "Call get_history to see what served; promote a version instead.");

    public static Refusal NeverServed(string version, string stage) => new(RefusalKind.Conflict, "never_served",
        $"Version {version} has never served {stage}; a rollback goes back to something that has.", "Call get_history to see what served, or use promote_model.");

    public static Refusal GatesUnmet(string id, string unmet) => new(RefusalKind.PolicyUnmet, "gates_unmet",
        $"Promotion {id} cannot be approved: {unmet}.", "Mend what is missing and propose again, or reject it.");

    public static Refusal ApplyFailed(string id, string why) => new(RefusalKind.PolicyUnmet, "apply_failed",
        $"Promotion {id} was approved but not applied: {why}", "Nothing moved. Look at the version and propose again.");

    // ---- proofs -------------------------------------------------------------------------------------------------

    /// <param name="page">Where it is decided; null where that is not known here.</param>
    public static Refusal AssuranceTooLow(Assurance given, Assurance asked, string? page = null) => new(RefusalKind.Forbidden, "assurance_too_low",
        $"This decision would be {Word(given)}; the stage asks for {Word(asked)}.",
        asked == Assurance.Signed ? $"Decide with a passkey on the approval page{(page is null ? "" : $": {page}")}." : "Decide with a passphrase in the terminal (approve) or on the approval page.");

    public static Refusal FourEyes(string person, string interest) => new(RefusalKind.Forbidden, "four_eyes",
        $"{person} {interest}, and the policy wants a second person.", "Ask another approver to decide.");

    public static Refusal EnrolledLater(string person) => new(RefusalKind.Forbidden, "enrolled_later",
        $"{person}, or the credential used, was enrolled after this promotion was proposed; a changed passphrase is a new one.", "Use a passkey that is older than it, ask someone enrolled earlier, or withdraw it and propose again.");

    public static Refusal ProofStale => new(RefusalKind.Forbidden, "proof_stale",
        "The proof is not of the last five minutes.", "Prove again and decide at once.");

    public static Refusal ProofForAnother(string id) => new(RefusalKind.Forbidden, "proof_for_another",
        $"The passkey signed something else than this decision on promotion {id}.", "Read the statement and sign this decision (the Decide page, or a new challenge).");

    public static Refusal ProofRequired => new(RefusalKind.Forbidden, "proof_required",
        "Being signed in is not enough for this: it takes a passphrase or a passkey, now.", "Type your passphrase or use your passkey with the request itself.");

    public static Refusal ChallengeInvalid => new(RefusalKind.Forbidden, "challenge_invalid",
        "The passkey answered no challenge of this registry's for this, or one that was used already, or it came too late.", "Ask for a new challenge and answer it once, within five minutes.");

    /// <summary>One answer for a passkey that is unknown, revoked or another person's, and for a signature that does not verify.</summary>
    public static Refusal PasskeyFailed => new(RefusalKind.Forbidden, "passkey_failed",
        "The passkey was not accepted.", "Use one that is enrolled here, with its PIN, fingerprint or face, on the address it was enrolled under.");

    /// <summary>One answer for an unknown person, a disabled one and a wrong passphrase: it does not say which half was wrong.</summary>
    public static Refusal ProofFailed => new(RefusalKind.Forbidden, "proof_failed",
        "The person and the passphrase do not match.", "Check both and try again.");

    public static Refusal NoTerminal => new(RefusalKind.Forbidden, "terminal_required",
        "A passphrase is typed on a terminal, and there is none.", "Run the command in a terminal; passphrases are not taken from arguments, the environment or a pipe.");

    public static Refusal ElicitationStateInvalid => new(RefusalKind.Forbidden, "request_state_invalid",
        "The answer does not belong to a question that was put to this caller, or it was used already, or it came too late.", "Call confirm_promotion again without an answer.");

    // ---- policy -------------------------------------------------------------------------------------------------

    public static Refusal PolicyInvalid(IReadOnlyList<string> errors) => new(RefusalKind.Invalid, "policy_invalid",
        "The policy is not valid: " + string.Join("; ", errors) + ".", "Correct the file and check it with `policy check`.",
        errors.Select((e, i) => (e, i)).ToDictionary(e => $"error{e.i + 1}", e => e.e));

    public static Refusal PolicyFileMissing(string name) => new(RefusalKind.NotFound, "policy_not_found",
        $"There is no policy profile or file '{Shown(name)}'.", "Use open, local, team, regulated or the path of a JSON file.");

    public static Refusal PolicyDiffers(string inForce, string asked) => new(RefusalKind.Conflict, "policy_differs",
        $"This registry is under the policy '{inForce}'; starting with '{asked}' does not change it.", "Leave --policy out, or let an admin run `policy accept`.");

    private static string Word(PromotionState state) => state.ToString().ToLowerInvariant();

    private static string Word(Assurance assurance) => assurance.ToString().ToLowerInvariant();
}
