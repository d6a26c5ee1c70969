using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>Proving to be a person by a passphrase.</summary>
[OnBothDatabases]
public sealed class ProofTests
{
    [Fact]
    public async Task The_answer_does_not_tell_a_wrong_person_from_a_wrong_passphrase_and_both_are_recorded()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        Ok(await it.Services.Tokens.CreateAsync(ana, new("trainer", null, "ana", [], [], null)));
        Ok(await it.Services.People.DisableAsync(ana, "cora"));

        var wrong = (await it.Services.People.ProveAsync("ben", "wrong", "rest")).Refusal;
        foreach (var (name, passphrase) in new[] { ("nobody", Passphrase), ("cora", Passphrase + "cora"), ("trainer", Passphrase), ("registry", ""), ("ben'; --", "x"), ("ben\0", "x"), ("\ud800", "\ud800"), ("", ""), (new string('n', 10_000), new string('p', 10_000)) })
            Assert.Equal(wrong, (await it.Services.People.ProveAsync(name, passphrase, "rest")).Refusal);

        Assert.Equal("proof_failed", wrong!.Code);
        var failures = Ok(await it.Services.Audit.ListAsync(Robot, new(Limit: 100))).Items.Where(e => e.Verb == "person.prove_failed").ToList();
        Assert.Equal(10, failures.Count);
        Assert.All(failures, e => Assert.Equal("rest", (string?)e.Entry["facts"]!["channel"]));
        var ben = Assert.Single(Ok(await it.Services.People.ListAsync(Robot)), p => p.Name == "ben").Id;
        Assert.Equal(1, failures.Count(e => e.SubjectId == ben));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task After_five_wrong_ones_in_a_minute_the_right_one_waits_too()
    {
        await using var it = await OpenAsync();
        foreach (var i in Enumerable.Range(0, 5))
        {
            it.Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync(i % 2 == 0 ? "ben" : "BEN", $"wrong {i}", "page")));
        }

        Assert.Equal("too_many_attempts", No(await it.Services.People.ProveAsync("ben", Passphrase + "ben", "rest")));
        await it.ReopenAsync();
        Assert.Equal("too_many_attempts", No(await it.Services.People.ProveAsync("Ben", Passphrase + "ben", "page")));
        // Others are not slowed down by it.
        Ok(await it.Services.People.ProveAsync("cora", Passphrase + "cora", "terminal"));

        it.Clock.Advance(TimeSpan.FromSeconds(57));
        var proven = Ok(await it.Services.People.ProveAsync("ben", Passphrase + "ben", "terminal"));
        Assert.Equal((ActorKind.Person, "ben", Assurance.Authenticated), (proven.Actor.Kind, proven.Actor.Name, proven.Proof.Assurance));
    }

    [Fact]
    public async Task Twenty_guesses_at_once_are_five()
    {
        await using var it = await OpenAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => it.Services.People.ProveAsync("ben", $"wrong {i}", "rest"))));

        Assert.Equal(5, outcomes.Count(o => o.Refusal?.Code == "proof_failed"));
        Assert.Equal(15, outcomes.Count(o => o.Refusal?.Code == "too_many_attempts"));
    }

    [Fact]
    public async Task A_passphrase_is_taken_letter_by_letter()
    {
        await using var it = await EmptyAsync("team");
        const string odd = "  Ünïcödé 🔑 'or''1'='1  ";
        Ok(await it.Services.People.InitAsync("ana", odd));

        Ok(await it.Services.People.ProveAsync("Ana", odd, "terminal"));
        Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync("ana", odd.Trim(), "terminal")));
        Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync("ana", odd.ToUpperInvariant(), "terminal")));
    }

    [Fact]
    [SqliteFiles("It reads the files of the database.")]
    public async Task No_passphrase_or_token_is_in_any_file_of_the_registry()
    {
        await using var it = await OpenAsync();
        var ana = (await it.PersonAsync("ana")).Actor;
        var token = Ok(await it.Services.Tokens.CreateAsync(ana, new("trainer", null, "ana", [], [], null)));
        Ok(await it.Services.Tokens.AuthenticateAsync(token.Secret, "mcp", null));
        Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync("ben", "a wrong guess of mine", "terminal")));
        string[] secrets = [Passphrase, "a wrong guess of mine", token.Secret, token.Secret[ModelRegistry.Identity.Tokens.Prefix.Length..]];

        // Both as the log of writes leaves it and after it was moved into the database.
        Scan();
        await it.ReopenAsync();
        Scan();

        void Scan()
        {
            var files = Directory.GetFiles(it.DataFolder, "*", SearchOption.AllDirectories);
            Assert.Contains(files, f => f.EndsWith("registry.db", StringComparison.Ordinal));
            foreach (var file in files.Where(f => new FileInfo(f).Length > 0))
            {
                using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var bytes = new byte[open.Length];
                open.ReadExactly(bytes);
                foreach (var secret in secrets)
                {
                    Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(secret)) < 0, $"{secret} is in {file}");
                    Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.Unicode.GetBytes(secret)) < 0, $"{secret} is in {file}");
                }
            }
        }
    }
}
