using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain.Exports;

/// <summary>
/// Holds an export of a promotion against itself and against a public key that was kept elsewhere. Every digest, proof and signature
/// is computed again; nothing is taken from what the export says of itself but what the registry's key holder has to be trusted with,
/// and that is said.
/// </summary>
/// <remarks>It never throws, whatever the bytes: what cannot be read has failed. Memory: a few times the export, at most <see cref="DsseEnvelope.MaxBytes"/>.</remarks>
public sealed partial class ExportVerification
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = CanonicalJson.MaxDepth };

    private readonly VerifierKey _pinned;
    private readonly string? _origin;
    private readonly List<ExportPoint> _points = [];
    private JsonObject _predicate = [];
    private IReadOnlyList<RecordedLeaf> _log = [];
    private Statement? _statement;
    private Manifest? _files;
    private int _erased;

    private ExportVerification(VerifierKey pinned, string? origin) => (_pinned, _origin) = (pinned, origin);

    /// <summary>Verifies the bytes of an envelope.</summary>
    /// <param name="pinned">The registry's public key, as it was kept where the registry could not write.</param>
    /// <param name="origin">The origin of the pages at which passkeys must have signed; null: any.</param>
    public static ExportReport Verify(ReadOnlyMemory<byte> envelope, VerifierKey pinned, string? origin = null)
    {
        var it = new ExportVerification(pinned, origin);
        using var key = pinned.Open();
        if (it.Open(envelope, key) is { } statement)
            it.LookAt(statement, key);
        return it.Report();
    }

    private JsonObject? Open(ReadOnlyMemory<byte> envelope, ECDsa key)
    {
        if (envelope.Length > DsseEnvelope.MaxBytes || DsseEnvelope.Read(envelope) is not { } opened)
        {
            Fail("envelope", $"This is no DSSE envelope of type {DsseEnvelope.PayloadType}.");
            return null;
        }
        Check("envelope", () => DsseEnvelope.IsSigned(opened.Payload, opened.Signatures, key)
            ? $"Signed by {_pinned.Id}."
            : throw new FormatException($"No signature over it is of the key {_pinned.Id}: it was changed, or another registry made it."));
        JsonObject? statement = null;
        Check("format", () =>
        {
            using var document = JsonDocument.Parse(opened.Payload, Strict);
            var read = JsonObject.Create(document.RootElement.Clone()) ?? throw new FormatException("The payload is no object.");
            // Bytes that are no text and halves of characters would throw wherever they are first read.
            _ = CanonicalJson.Text(read);
            statement = read;
            if (statement.NeedText("_type") != PromotionRecord.StatementType || statement.NeedText("predicateType") != PromotionRecord.PredicateType)
                throw new FormatException($"It is not a {PromotionRecord.PredicateType}.");
            _predicate = statement.NeedObject("predicate");
            return $"in-toto Statement v1, {PromotionRecord.PredicateType}.";
        });
        return statement;
    }

    /// <summary>Every point, in the order in which they lean on each other.</summary>
    private void LookAt(JsonObject statement, ECDsa key)
    {
        Check("checkpoint", () => OpenCheckpoint(key));
        Check("log", ReadLog);
        Check("inclusion", CheckInclusion);
        Check("texts", CheckTexts);
        Check("statement", ReadStatement);
        if (_statement is null)
            return;
        Check("files", () => CheckFiles(statement));
        Check("request", CheckRequest);
        Check("version", CheckVersion);
        Check("metadata", CheckMetadata);
        Check("policies", ReadPolicies);
        Check("gates", CheckGates);
        Check("persons", ReadPersons);
        Check("keys", ReadKeys);
        CheckDecisions();
        CheckGlass();
        Check("quorum", CheckQuorum);
        Check("outcome", CheckOutcome);
    }

    private ExportReport Report()
    {
        var s = _statement;
        var promotion = s is null ? null : new ExportedPromotion(s.PromotionId, _status, _outcome, s.ModelName, s.VersionLabel, s.FromStage, s.ToStage, s.Serving?.Label, s.ManifestDigest, s.Proposer.Name, s.Owner.Name, _checkpoint?.Origin ?? "");
        return new ExportReport(promotion, _points, s is null ? [] : [.. NotProven()], _files);
    }

    private IEnumerable<string> NotProven()
    {
        yield return "Whoever holds the registry's key could have signed another history. Compare the checkpoint with one that was kept elsewhere: `audit verify --checkpoint` of the registry tells whether both are of one log.";
        yield return "That a person is who they are called, and that a passkey is theirs, is the registry's own word: the entries of their enrolment are in the log.";
        if (_words > 0)
            yield return $"{_words} {(_words == 1 ? "decision was" : "decisions were")} proven to the registry alone (a passphrase, or a client program that said so): nobody else can check that again.";
        yield return "That nothing happened beside these entries, such as a person who was disabled before they decided, is seen in the whole log only.";
        yield return "Times are the registry's clock.";
        if (_erased > 0)
            yield return $"{_erased} texts were erased; the log knows them by salted digest only.";
    }

    private void Fail(string point, string sentence) => _points.Add(new ExportPoint(point, PointStatus.Failed, sentence));

    /// <summary>Looks at one point. Whatever is wrong there, or cannot be read, is a finding.</summary>
    /// <param name="look">Says what holds; a <see cref="FormatException"/> says what does not.</param>
    private bool Check(string point, Func<string> look, Func<bool>? claimed = null)
    {
        try
        {
            var sentence = look();
            _points.Add(new ExportPoint(point, claimed?.Invoke() == true ? PointStatus.Claimed : PointStatus.Ok, sentence));
            return true;
        }
        catch (FormatException e)
        {
            Fail(point, e.Message);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or OverflowException or CryptographicException)
        {
            Fail(point, $"It cannot be read: {e.Message}");
        }
        return false;
    }

    private static void Need(bool holds, string otherwise)
    {
        if (!holds)
            throw new FormatException(otherwise);
    }
}
