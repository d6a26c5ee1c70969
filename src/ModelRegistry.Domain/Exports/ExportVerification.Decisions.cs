using System.Text.Json.Nodes;

namespace ModelRegistry.Domain.Exports;

/// <summary>Who decided: their enrolment, what they proved, and that the log says the same.</summary>
public sealed partial class ExportVerification
{
    private readonly Dictionary<string, RecordedLeaf> _persons = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PassphraseHistory> _passphrases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string PersonId, byte[] PublicKey, long Enrolled)> _keys = new(StringComparer.Ordinal);
    private readonly List<ProvenDecision> _decisions = [];
    private string? _author;
    private int _words;
    private RecordedLeaf? _glass;

    /// <summary>A decision that holds, with what it is proven to be worth.</summary>
    private sealed record ProvenDecision(string PersonId, DecisionVerdict Verdict, long Revision, Digest Statement, Assurance Proven, RecordedLeaf Told);

    private string ReadPersons()
    {
        foreach (var leaf in _log.Where(l => l is { Done: true, Verb: "person.init" or "person.add", SubjectId: not null }))
            Need(_persons.TryAdd(leaf.SubjectId!, leaf), $"The person {leaf.SubjectId} is enrolled twice.");
        foreach (var (id, person) in _persons)
            _passphrases.Add(id, PassphraseHistory.Of(person, Told("passphrase.change", id)));
        return $"{_persons.Count} persons are in the log with the roles they were given.";
    }

    private string ReadKeys()
    {
        foreach (var key in _predicate.NeedObjects("keys"))
        {
            var (id, person, bytes) = (key.NeedText("credential_id"), key.NeedText("person_id"), key.NeedBytes("public_key"));
            var enrolled = FirstTold("passkey.enrol", id) ?? throw new FormatException($"The log does not say how the passkey {id} was enrolled.");
            Need(enrolled.Fact("person_id") == person, $"The log says that the passkey {id} is another person's.");
            Need(enrolled.Fact("public_key_sha256") == Digest.Of(bytes).Hex, $"The public key of {id} is not the one that was enrolled.");
            Need(_keys.TryAdd(id, (person, bytes, enrolled.Index)), $"The passkey {id} is given twice.");
        }
        return $"{_keys.Count} passkeys are those that were enrolled.";
    }

    private void CheckDecisions()
    {
        IReadOnlyList<JsonObject> decisions = [];
        Check("decisions", () =>
        {
            var all = _predicate.NeedObjects("decisions");
            Need(all.Count <= PromotionRecord.MaxDecisions, $"There are {all.Count} decisions; at most {PromotionRecord.MaxDecisions} are read.");
            decisions = all;
            var told = Told("promotion.decide", _statement!.PromotionId).Select(l => l.Fact("decision_id") ?? "").ToList();
            var given = decisions.Select(d => d.NeedText("id")).ToList();
            Need(given.Distinct().Count() == given.Count && told.ToHashSet().SetEquals(given) && told.Count == given.Count, "The decisions are not those of the log, each once.");
            return given.Count == 0 ? "No person decided." : $"{given.Count}, the same as in the log.";
        });
        var entries = new Dictionary<string, RecordedLeaf>(StringComparer.Ordinal);
        foreach (var leaf in Told("promotion.decide", _statement!.PromotionId))
            entries.TryAdd(leaf.Fact("decision_id") ?? "", leaf);
        foreach (var decision in decisions)
        {
            var id = decision.Text("id") ?? "?";
            RecordedLeaf? told = null;
            Check($"decision {id}", () => Agree(decision, told = entries.GetValueOrDefault(id) ?? throw new FormatException("It is not in the log.")));
            if (told is null)
                continue;
            var claimed = false;
            Check($"proof {id}", () =>
            {
                var (verdict, digest) = (decision.NeedWord<DecisionVerdict>("decision"), decision.NeedDigest("statement_sha256"));
                var (proven, sentence) = Prove(decision.NeedObject("proof"), decision.NeedText("person_id"), new SignedDecision(Promotion.Word(verdict), digest), told, Told("promotion.request"));
                claimed = proven < Assurance.Signed;
                _decisions.Add(new ProvenDecision(decision.NeedText("person_id"), verdict, decision.NeedWhole("revision"), digest, proven, told));
                return sentence;
            }, () => claimed);
        }
    }

    private string Agree(JsonObject decision, RecordedLeaf told)
    {
        var person = decision.NeedText("person_id");
        Need(told.ActorKind == "person" && told.ActorId == person && told.Fact("person_id") == person, "The log names another person.");
        Need(told.Fact("decision") == decision.NeedText("decision"), $"The log says '{told.Fact("decision")}', the export '{decision.NeedText("decision")}'.");
        Need(told.Fact("decided_statement_sha256") == decision.NeedText("statement_sha256"), "The log says that another statement was decided on.");
        Need(told.At == decision.NeedText("at"), "The log says that it was at another time.");
        SameProof(decision.NeedObject("proof"), told);
        var revision = decision.NeedWhole("revision");
        Need(revision >= 1 && revision <= _statement!.Revision && (revision == _statement.Revision) == (decision.NeedDigest("statement_sha256") == _statement.Digest), "It is not on the statement of its revision.");
        var comment = told.Texts.TryGetValue("comment", out var text) ? $" They wrote: {text}" : told.Digests.ContainsKey("comment") ? " Their comment was erased." : "";
        return $"{NameOf(person)} said {decision.NeedText("decision")} to revision {revision} at {told.At} (entry {told.Index}).{comment}";
    }

    private static void SameProof(JsonObject proof, RecordedLeaf told)
    {
        foreach (var name in (string[])["assurance", "channel", "credential_id", "proven_at"])
            Need(told.Fact(name) == proof.NeedText(name), $"The log says another {name} of the proof than the export.");
        Need(told.Fact("method") is not { } method || method == proof.NeedText("method"), "The log says another method of the proof than the export.");
    }

    /// <summary>What a proof is worth to others: a signature is checked again, everything else is the registry's word.</summary>
    /// <param name="since">What was decided on came with this entry: whoever, and whichever key, was enrolled later does not decide it.</param>
    private (Assurance Proven, string Sentence) Prove(JsonObject proof, string personId, SignedDecision said, RecordedLeaf told, RecordedLeaf since)
    {
        var (method, claimed) = (proof.NeedWord<ProofMethod>("method"), proof.NeedWord<Assurance>("assurance"));
        var person = _persons.GetValueOrDefault(personId) ?? throw new FormatException($"The log does not say who {personId} is.");
        Need(person.Index < since.Index, $"{NameOf(personId)} was enrolled after what they decided on.");
        Need(!IsDisabled(personId, told), $"{NameOf(personId)} was disabled before that.");
        var (at, by) = (proof.NeedTime("proven_at"), Times.Parse(told.At));
        Need(at <= by && by - at <= Proof.Freshness, "The proof was not fresh when it was used.");
        var worth = method switch { ProofMethod.Passkey => Assurance.Signed, ProofMethod.Passphrase => Assurance.Authenticated, _ => Assurance.Attested };
        Need(claimed <= worth, $"It is said to be {claimed.ToString().ToLowerInvariant()}, and a proof by {method.ToString().ToLowerInvariant()} is not worth that.");
        switch (method)
        {
            case ProofMethod.Passkey:
                var id = proof.NeedText("credential_id");
                var key = _keys.TryGetValue(id, out var found) ? found : throw new FormatException($"The public key of {id} is not here.");
                Need(key.PersonId == personId, $"The passkey {id} is not {NameOf(personId)}'s.");
                Need(!(FirstTold("passkey.revoke", id)?.Index < told.Index), $"The passkey {id} was revoked before that.");
                Need(key.Enrolled < since.Index, $"The passkey {id} was enrolled after what it decided on.");
                var origin = PasskeyEvidence.FromJson(proof.NeedObject("evidence")).Check(said, key.PublicKey, _origin);
                return (Assurance.Signed, $"signed: a passkey of {NameOf(personId)} signed '{said.Word}' on {said.Statement}, its user verified, at {origin}.");
            case ProofMethod.Passphrase:
                var history = _passphrases.GetValueOrDefault(personId) ?? throw new FormatException($"The log does not say which passphrase {NameOf(personId)} had.");
                var (credential, given) = history.At(told.Index);
                Need(credential is not null && credential == proof.NeedText("credential_id"), $"The passphrase is not the one that {NameOf(personId)} had then.");
                Need(given < since.Index, $"The passphrase of {NameOf(personId)} was changed after what they decided on.");
                _words++;
                return (Assurance.Authenticated, $"authenticated: the registry says that {NameOf(personId)} typed their passphrase ({proof.NeedText("channel")}). Nobody else can check that.");
            default:
                _words++;
                return (Assurance.Attested, $"attested: a client program said that {NameOf(personId)} agreed. It proves nothing.");
        }
    }

    private void CheckGlass()
    {
        if (_predicate["break_glass"] is null)
        {
            Check("break_glass", () => FirstTold("glass.break", _statement!.PromotionId) is not null ? throw new FormatException("The log says that the glass was broken; the export does not.") : "The glass was not broken.");
            return;
        }
        var unnamed = false;
        Check("break_glass", () =>
        {
            var (glass, told) = (_predicate.NeedObject("break_glass"), Told("glass.break"));
            var person = glass.NeedText("person_id");
            Need(told.ActorKind == "person" && told.ActorId == person && told.Fact("person_id") == person && told.At == glass.NeedText("at"), "The log names another person, or another time.");
            Need(glass.NeedDigest("statement_sha256") == _statement!.Digest && told.Fact("decided_statement_sha256") == _statement.Digest.Hex, "It was broken on another statement.");
            SameProof(glass.NeedObject("proof"), told);
            var (proven, sentence) = Prove(glass.NeedObject("proof"), person, new SignedDecision(GlassBreak.Word, _statement.Digest), told, Told("promotion.request"));
            Need(proven == Assurance.Signed, "The glass is broken by a signature only.");
            var name = _persons[person].Texts.GetValueOrDefault("person");
            var trusted = PolicyAt(told.Index).Trusts(new ActorRef(person, name ?? ""));
            Need(trusted || name is null, $"The policy in force did not let {NameOf(person)} break the glass.");
            // The policy lists persons by name, and that may be erased from the log.
            unnamed = !trusted;
            _glass = told;
            return $"{NameOf(person)} broke the glass at {told.At}: past quorum, four eyes and gates. {sentence}" + (unnamed ? " That the policy lets them is the registry's word: it does not list their id, and their name is not here." : "")
                + (told.Texts.TryGetValue("reason", out var reason) ? $" They wrote: {reason}" : "");
        }, () => unnamed);
        var claimed = false;
        Check("glass_review", () =>
        {
            var told = FirstTold("glass.review", _statement!.PromotionId);
            if (_predicate.NeedObject("break_glass")["review"] is null)
            {
                Need(told is null, "The log says that it was reviewed; the export does not.");
                return "No other approver has reviewed it yet: the review is owed.";
            }
            var review = _predicate.NeedObject("break_glass").NeedObject("review");
            Need(told is not null, "The review is not in the log.");
            var (person, verdict) = (review.NeedText("person_id"), review.NeedWord<GlassVerdict>("verdict"));
            Need(told!.ActorId == person && told.Fact("person_id") == person && told.Fact("verdict") == review.NeedText("verdict") && told.At == review.NeedText("at"), "The log names another reviewer, verdict or time.");
            Need(person != _predicate.NeedObject("break_glass").NeedText("person_id") && person != _statement!.Owner.Id && person != _statement!.Proposer.Id, "It was reviewed by whoever broke it, proposed it or owns the proposer.");
            SameProof(review.NeedObject("proof"), told);
            var (proven, sentence) = Prove(review.NeedObject("proof"), person, new SignedDecision(GlassBreak.ReviewWord(verdict), _statement!.Digest), told, Told("glass.break"));
            claimed = proven < Assurance.Signed;
            return $"{NameOf(person)} {review.NeedText("verdict")} it at {told.At}. {sentence}" + (told.Texts.TryGetValue("comment", out var comment) ? $" They wrote: {comment}" : "");
        }, () => claimed);
    }

    private bool IsDisabled(string personId, RecordedLeaf at) => FirstTold("person.disable", personId)?.Index < at.Index;

    private string NameOf(string personId) => _persons.GetValueOrDefault(personId)?.Texts.GetValueOrDefault("person") is { } name ? $"{name} ({personId})" : personId;
}
