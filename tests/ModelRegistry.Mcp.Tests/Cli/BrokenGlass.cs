using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>A registry where alice broke the glass, as its page would let her: with a passkey's signature, which a terminal cannot give.</summary>
internal static class BrokenGlass
{
    /// <returns>The promotion's id.</returns>
    public static async Task<string> MakeAsync(ProgramProcess program)
    {
        var options = new RegistryOptions { DataFolder = program.Data };
        var person = await EnrolPasskeyAsync(options);
        await program.RunAsync(["register", "digits", "--file", program.File("one.onnx", "one")]);
        var id = (string)(await program.RunAsync(["promote", "digits", "1", "production", "--output", "json"])).Json["promotion_id"]!;

        await using var registry = (await RegistryServices.OpenAsync(options, TimeProvider.System)).Value;
        var review = (await registry.Promotions.ReviewAsync(person, id)).Value;
        var now = TimeProvider.System.GetUtcNow();
        var proof = new Proof(ProofMethod.Passkey, "page", "crd_key", now, now) { Signed = new SignedDecision(GlassBreak.Word, Digest.Parse(review.StatementDigest)) };
        var broken = await registry.Promotions.BreakGlassAsync(person, new BreakGlassRequest(id, review.StatementDigest, "fraud passes", proof));
        return broken.Refusal is null ? id : throw new InvalidOperationException(broken.Refusal.ToString());
    }

    private static async Task<Actor> EnrolPasskeyAsync(RegistryOptions options)
    {
        Actor person;
        await using (var registry = (await RegistryServices.OpenAsync(options, TimeProvider.System)).Value)
        {
            var alice = (await registry.People.ListAsync(await registry.Actors.CliAsync("alice"))).Value.Single(p => p.Name == "alice");
            person = new Actor(alice.Id, alice.Name, ActorKind.Person, alice.Roles, [], null, Door: "page");
        }
        await using var db = await RegistryDb.OpenAsync(new StorageOptions(options.DataFolder), TimeProvider.System);
        var act = new AuditAct("test.change", "row", "by hand");
        var made = await db.WriteAsync<int>(Actor.Registry, act, async session => new Written<int>(await session.ExecuteAsync("""
            insert into credential (id, actor_id, kind, secret_hash, roles, models, created_by, created_at, expires_at, revoked_at)
            values ('crd_key', @person, 'passkey', 'crd_key', '[]', '[]', @person, @at, null, null)
            """, ("person", person.Id), ("at", Times.Micros(session.Now))), [act], []), default);
        return made.Refusal is null ? person : throw new InvalidOperationException(made.Refusal.ToString());
    }
}
