using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Policies;

/// <summary>Gives sessions the policy in force. Parsed once per digest; which one is in force is read from the database each time.</summary>
internal sealed class PolicyInForce
{
    private volatile PromotionPolicy? _last;

    public async ValueTask<PromotionPolicy> GetAsync(RegistrySession session)
    {
        if (_last is { } last && last.Digest.Hex == await session.PolicyDigestAsync())
            return last;
        var row = await session.PolicyRowAsync() ?? throw new InvalidOperationException("The registry has no policy.");
        var policy = PolicyReader.Parse(row.Json);
        // It was valid when it was accepted; a later release must go on reading it.
        return _last = policy.Refusal is null ? policy.Value : throw new InvalidOperationException($"The policy in force cannot be read: {policy.Refusal.Message}");
    }
}
