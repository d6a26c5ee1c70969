using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ModelRegistry.Identity;

/// <summary>Whose passkey it is, as the framework's handler sees them.</summary>
internal sealed record PasskeyHolder(string Id, string Name);

/// <summary>
/// One WebAuthn ceremony by the framework's <see cref="PasskeyHandler{TUser}"/>, for one address and over the passkeys that it
/// concerns. Everything about the challenge is ours: which one it is, and that it is answered once.
/// </summary>
/// <param name="address">The pages' public address: its host is the relying party, and only its origin counts.</param>
/// <param name="holder">The person concerned; null where nobody is known.</param>
/// <param name="passkeys">The person's passkeys.</param>
internal sealed class PasskeyCeremony(Uri address, PasskeyHolder? holder, IReadOnlyList<UserPasskeyInfo> passkeys) : IUserPasskeyStore<PasskeyHolder>
{
    // A key that stays on a device or is synced; either way its user is verified, and it can be found without a name.
    private readonly IdentityPasskeyOptions _options = new()
    {
        ServerDomain = address.Host,
        UserVerificationRequirement = "required",
        ResidentKeyRequirement = "required",
        AuthenticatorTimeout = TimeSpan.FromMinutes(5),
        ValidateOrigin = seen => ValueTask.FromResult(!seen.CrossOrigin && seen.Origin == address.GetLeftPart(UriPartial.Authority)),
    };

    /// <summary>What <c>navigator.credentials.create</c> is asked, and the framework's own state of it.</summary>
    public async Task<(JsonObject Options, string State)> AskNewAsync()
    {
        using var users = Users();
        var made = await Handler(users).MakeCreationOptionsAsync(new PasskeyUserEntity { Id = holder!.Id, Name = holder.Name, DisplayName = holder.Name }, Http());
        return (JsonNode.Parse(made.CreationOptionsJson)!.AsObject(), made.AttestationState!);
    }

    /// <summary>The passkey that was made; null when the answer does not verify.</summary>
    public async Task<UserPasskeyInfo?> MadeAsync(string credential, string state)
    {
        using var users = Users();
        var result = await Handler(users).PerformAttestationAsync(new PasskeyAttestationContext { HttpContext = Http(), CredentialJson = credential, AttestationState = state });
        return result is { Succeeded: true, Passkey.IsUserVerified: true } ? result.Passkey : null;
    }

    /// <summary>What <c>navigator.credentials.get</c> is asked. The framework always draws its challenge; this one is ours.</summary>
    public async Task<JsonObject> AskAsync(byte[] challenge)
    {
        using var users = Users();
        var made = JsonNode.Parse((await Handler(users).MakeRequestOptionsAsync(null, Http())).RequestOptionsJson)!.AsObject();
        made["challenge"] = System.Buffers.Text.Base64Url.EncodeToString(challenge);
        return made;
    }

    /// <summary>The passkey with its new counter when it signed this challenge with its user verified; else null.</summary>
    public async Task<UserPasskeyInfo?> SignedAsync(string assertion, byte[] challenge)
    {
        using var users = Users();
        // The shape is the framework's own and not documented; a test holds it to it.
        var state = JsonSerializer.Serialize(new { challenge = Convert.ToBase64String(challenge), userId = holder!.Id });
        var result = await Handler(users).PerformAssertionAsync(new PasskeyAssertionContext { HttpContext = Http(), CredentialJson = assertion, AssertionState = state });
        return result.Succeeded ? result.Passkey : null;
    }

    private PasskeyHandler<PasskeyHolder> Handler(UserManager<PasskeyHolder> users) => new(users, Options.Create(_options));

    private UserManager<PasskeyHolder> Users() => new(this, Options.Create(new IdentityOptions()), new PasswordHasher<PasskeyHolder>(), [], [], new UpperInvariantLookupNormalizer(),
        new IdentityErrorDescriber(), NoServices.Instance, NullLogger<UserManager<PasskeyHolder>>.Instance);

    private DefaultHttpContext Http() => new() { Request = { Scheme = address.Scheme, Host = HostString.FromUriComponent(address) } };

    public Task<IList<UserPasskeyInfo>> GetPasskeysAsync(PasskeyHolder user, CancellationToken cancellationToken) => Task.FromResult<IList<UserPasskeyInfo>>([.. passkeys]);

    public Task<PasskeyHolder?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) => Task.FromResult(Find(credentialId) is null ? null : holder);

    public Task<UserPasskeyInfo?> FindPasskeyAsync(PasskeyHolder user, byte[] credentialId, CancellationToken cancellationToken) => Task.FromResult(Find(credentialId));

    public Task<PasskeyHolder?> FindByIdAsync(string userId, CancellationToken cancellationToken) => Task.FromResult(userId == holder?.Id ? holder : null);

    public Task<string> GetUserIdAsync(PasskeyHolder user, CancellationToken cancellationToken) => Task.FromResult(user.Id);

    public Task<string?> GetUserNameAsync(PasskeyHolder user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Name);

    public void Dispose()
    {
        // It holds nothing; a manager that is disposed of disposes of its store.
    }

    private UserPasskeyInfo? Find(byte[] id) => passkeys.FirstOrDefault(p => p.CredentialId.AsSpan().SequenceEqual(id));

    // The rest of a user store: a ceremony changes nobody.
    private static NotSupportedException Never => new("A ceremony keeps no users.");

    Task IUserPasskeyStore<PasskeyHolder>.AddOrUpdatePasskeyAsync(PasskeyHolder user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw Never;

    Task IUserPasskeyStore<PasskeyHolder>.RemovePasskeyAsync(PasskeyHolder user, byte[] credentialId, CancellationToken cancellationToken) => throw Never;

    Task<IdentityResult> IUserStore<PasskeyHolder>.CreateAsync(PasskeyHolder user, CancellationToken cancellationToken) => throw Never;

    Task<IdentityResult> IUserStore<PasskeyHolder>.DeleteAsync(PasskeyHolder user, CancellationToken cancellationToken) => throw Never;

    Task<IdentityResult> IUserStore<PasskeyHolder>.UpdateAsync(PasskeyHolder user, CancellationToken cancellationToken) => throw Never;

    Task<PasskeyHolder?> IUserStore<PasskeyHolder>.FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw Never;

    Task<string?> IUserStore<PasskeyHolder>.GetNormalizedUserNameAsync(PasskeyHolder user, CancellationToken cancellationToken) => throw Never;

    Task IUserStore<PasskeyHolder>.SetNormalizedUserNameAsync(PasskeyHolder user, string? normalizedName, CancellationToken cancellationToken) => throw Never;

    Task IUserStore<PasskeyHolder>.SetUserNameAsync(PasskeyHolder user, string? userName, CancellationToken cancellationToken) => throw Never;

    private sealed class NoServices : IServiceProvider
    {
        public static NoServices Instance { get; } = new();

        public object? GetService(Type serviceType) => null;
    }
}
