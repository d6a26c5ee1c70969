using ModelRegistry.Domain;
using ModelRegistry.Identity;
using ModelRegistry.Promotions;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>A registry under <c>regulated</c> with pages, where ben has a passkey.</summary>
internal sealed class KeyedRegistry : IAsyncDisposable
{
    public static readonly Uri Address = new("https://models.example.org");

    private KeyedRegistry(TestRegistry registry, uint step) => (Registry, Key) = (registry, new SoftwareAuthenticator { Step = step });

    public TestRegistry Registry { get; }

    public SoftwareAuthenticator Key { get; }

    public string KeyId { get; private set; } = "";

    public Passkeys Keys => Registry.Services.Passkeys;

    public static async Task<KeyedRegistry> OpenAsync(uint step = 1, string policy = "team")
    {
        var it = new KeyedRegistry(await TestRegistry.OpenAsync(policy), step);
        it.Registry.Services.Pages.Move(Address);
        it.KeyId = (await it.EnrolAsync("ben", it.Key)).Id;
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        return it;
    }

    /// <summary>A first key, on the person's passphrase.</summary>
    public async Task<PasskeyView> EnrolAsync(string person, SoftwareAuthenticator key) => Ok(await TryEnrolAsync(await Registry.PersonAsync(person), key));

    public async Task<Outcome<PasskeyView>> TryEnrolAsync(ProvenPerson person, SoftwareAuthenticator key, string? invite = null) =>
        await Keys.EnrolAsync(person, "key", key.Make(Ok(await Keys.BeginAsync(person.Actor))), invite);

    public async Task<string> ParkAsync(string model = "digits") => (await Registry.ParkAsync(model)).PromotionId!;

    public async Task<Outcome<ProvenPerson>> ConfirmAsync() => await Keys.ProveAsync(PasskeyUse.Confirm, Key.Sign(Ok(await Keys.ChallengeAsync(PasskeyUse.Confirm))), "rest");

    public async Task<(Proof Proof, Actor By)> SignedAsync(string promotion, string word)
    {
        var proven = Ok(await Keys.ProveAsync(PasskeyUse.Decide, Key.Sign(Ok(await Keys.ChallengeAsync(promotion, word))), "rest"));
        return (proven.Proof, proven.Actor);
    }

    public async Task<Outcome<PromotionView>> DecideAsync(string promotion, string word, DecisionVerdict verdict)
    {
        var proven = await Keys.ProveAsync(PasskeyUse.Decide, Key.Sign(Ok(await Keys.ChallengeAsync(promotion, word))), "rest");
        return proven.Refusal is { } no ? no : await DecideAsync(promotion, proven.Value.Actor, proven.Value.Proof, verdict);
    }

    public async Task<Outcome<PromotionView>> DecideAsync(string promotion, Actor by, Proof proof, DecisionVerdict verdict)
    {
        var review = await Registry.ReviewAsync(promotion);
        return await Registry.Services.Promotions.DecideAsync(by, new DecisionRequest(promotion, review.Promotion.Revision, review.StatementDigest, verdict, "", proof));
    }

    public async ValueTask DisposeAsync()
    {
        Key.Dispose();
        await Registry.DisposeAsync();
    }
}
