using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Holds signatures over models against the files of the version and against the keys pinned here.</summary>
internal static class ModelSignatures
{
    private const int MostNamed = 20;

    /// <summary>Adds what comes of it to the readings of the signatures; false where there is none.</summary>
    public static bool Check(List<FileReading> readings, IReadOnlyList<FileEntry> files, SigningKeys keys)
    {
        var signed = readings.Where(r => r.Signed is not null).ToList();
        foreach (var it in signed)
        {
            var matches = CheckFiles(it, it.Signed!, files, signed.Select(s => s.Path).ToHashSet(StringComparer.Ordinal), out var covered);
            CheckKey(it, it.Signed!, keys, matches ? $"over {covered} of the version's {files.Count - signed.Count} other files" : "over other files than these");
        }
        return signed.Count > 0;
    }

    private static void CheckKey(FileReading it, SignedModel signed, SigningKeys keys, string over)
    {
        if (keys.Verify(signed.Signed, signed.Signature) is { } key)
            it.Note("signed", $"Signed by the key '{key.Label}' (SHA-256 of its PEM {key.Hint[..16]}…), {over}.");
        else if (keys.Named(signed.KeyHint, signed.KeyPem) is { } named)
            it.Find("signature_invalid", $"It is said to be by the key '{named.Label}', and under that key it does not hold.");
        else if (signed.Certified)
            it.Note("signed_by_certificate", $"Signed by a certificate or an identity, which nothing here checks, {over}: that is worth no more than no signature.");
        else
            it.Note("signed_by_unknown_key", $"Signed by a key that is not pinned here{(signed.KeyHint.Length == 64 && signed.KeyHint.All(char.IsAsciiHexDigitLower) ? $" (SHA-256 of its PEM {signed.KeyHint[..16]}…)" : "")}, {over}: that is worth no more than no signature.");
    }

    /// <summary>Digests and names: the digest of the whole leaves out the names.</summary>
    private static bool CheckFiles(FileReading it, SignedModel signed, IReadOnlyList<FileEntry> files, HashSet<string> signatures, out int covered)
    {
        var whole = !(signed.Files.Count == 1 && signed.Files.ContainsKey("."));
        var asked = signed.Files.ToDictionary(f => it.Folder + (whole ? f.Key : signed.Subject), f => f.Value, StringComparer.Ordinal);
        var (wrong, named) = (0, 0);
        void Tell(string code, string path, string how)
        {
            wrong++;
            if (named++ < MostNamed)
                it.Find(code, $"'{FileReading.Words(path, 200)}' {how}.");
        }
        var there = files.ToDictionary(f => f.Path, f => f.Sha256.Hex, StringComparer.Ordinal);
        covered = 0;
        foreach (var (path, digest) in asked)
            if (!there.TryGetValue(path, out var found))
                Tell("signature_mismatch", path, "was signed and is not a file of this version");
            else if (found != digest)
                Tell("signature_mismatch", path, "is not what was signed under that name");
            else
                covered++;
        // A signature over a folder is one over all that is in it.
        foreach (var file in files.Where(f => whole && f.Path.StartsWith(it.Folder, StringComparison.Ordinal) && !asked.ContainsKey(f.Path) && !signatures.Contains(f.Path)))
            if (!signed.Ignored.Any(i => Under(file.Path[it.Folder.Length..], i)))
                Tell("signature_incomplete", file.Path, "stands among the signed files and was not signed");
        return wrong == 0;
    }

    private static bool Under(string path, string ignored) => path == ignored || (ignored.Length > 0 && path.StartsWith(ignored.TrimEnd('/') + "/", StringComparison.Ordinal));
}
