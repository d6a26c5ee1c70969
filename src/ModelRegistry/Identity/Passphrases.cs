using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace ModelRegistry.Identity;

/// <summary>Passphrases by the framework's password hashing: PBKDF2 with HMAC-SHA512, 210,000 iterations, a salt each.</summary>
internal static class Passphrases
{
    public const int Least = 8;

    private static readonly PasswordHasher<string> Hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = 210_000 }));

    // Checked in place of a person's that is not there, so that the time taken does not tell.
    private static readonly Lazy<string> Nobody = new(() => Hasher.HashPassword("", Guid.NewGuid().ToString()));

    public static bool Fits(string name, string passphrase) =>
        passphrase.Length <= 1024 && passphrase.Trim().Length >= Least && IsText(passphrase) && !string.Equals(passphrase.Trim(), name, StringComparison.OrdinalIgnoreCase);

    public static string Hash(string passphrase) => Hasher.HashPassword("", passphrase);

    public static bool Verify(string? hash, string passphrase) =>
        IsText(passphrase) && Hasher.VerifyHashedPassword("", hash ?? Nobody.Value, passphrase) != PasswordVerificationResult.Failed && hash is not null;

    // What has no UTF-8 cannot be hashed; and nobody means to type U+0000.
    private static bool IsText(string passphrase) => !passphrase.Contains('\0') && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(passphrase)) == passphrase;
}
