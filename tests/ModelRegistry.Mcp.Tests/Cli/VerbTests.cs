using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>What the verbs answer, and with which exit code.</summary>
public class VerbTests
{
    [Fact]
    public async Task Every_list_is_items_and_the_next_cursor()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9);
        await desk.RegisterAsync("digits", 0.95);
        await desk.RegisterAsync("letters", 0.8);
        await desk.RunAsync("promote", "digits", "2", "production");
        foreach (var line in new[] { "list-models", "list-versions digits", "pending", "history digits", "audit list", "person list", "token list" })
        {
            var json = (await desk.DoneAsync([.. line.Split(' '), "--output", "json"])).Json;
            // pending says beside them what else waits for a person.
            Assert.Equal(["items", "next_cursor"], json.AsObject().Select(p => p.Key).Take(2));
            Assert.IsType<JsonArray>(json["items"]);
        }
        var first = await desk.DoneAsync("list-models", "--limit", "1");
        Assert.Contains("digits", first.Out, StringComparison.Ordinal);
        var cursor = first.Err.Trim().Split("--cursor ")[1];
        var second = (await desk.DoneAsync("list-models", "--limit", "1", "--cursor", cursor, "--output", "json")).Json;
        Assert.Equal(("letters", null), ((string?)second["items"]![0]!["name"], (string?)second["next_cursor"]));
    }

    [Fact]
    public async Task A_view_as_json_has_the_names_that_every_face_uses()
    {
        using var desk = await new CommandDesk().InitAsync();
        var registered = (await desk.RegisterAsync("digits", 0.9, "--tag", "team=risk", "--output", "json")).Json;
        Assert.Equal(("digits", true, "v1", 1, "development"), ((string?)registered["model_name"], (bool?)registered["model_created"], (string?)registered["version"], (int?)registered["number"], (string?)registered["stage"]));
        var info = (await desk.DoneAsync("get-model", "digits", "--output", "json")).Json;
        Assert.Equal(("risk", 0.9, "onnx"), ((string?)info["version"]!["tags"]!["team"], (double?)info["version"]!["metrics"]!["accuracy"], (string?)info["version"]!["format"]));
        var serving = (await desk.DoneAsync("serving", "digits", "--output", "json")).Json;
        Assert.Equal((false, null, "production"), ((bool?)serving["serving"], (string?)serving["version"], (string?)serving["stage"]));
        var asked = await desk.RunAsync("promote", "digits", "1", "prod", "--output", "json");
        Assert.Equal((8, "pending", "production", ""), (asked.Exit, (string?)asked.Json["status"], (string?)asked.Json["to_stage"], asked.Err));
        Assert.Contains("approve prm_", (string?)asked.Json["approve_command"], StringComparison.Ordinal);
        var doctor = (await desk.DoneAsync("doctor", "--output", "json")).Json;
        Assert.True((bool)doctor["healthy"]!);
        foreach (var check in new[] { "sqlite", "data folder", "free disk", "database", "artifacts", "schema", "policy", "persons", "audit log", "clock" })
            Assert.Contains(doctor["checks"]!.AsArray(), c => (string?)c!["check"] == check && (string?)c["found"] is { Length: > 0 });
    }

    [Fact]
    public async Task Each_kind_of_no_has_its_exit_code_its_code_and_its_remedy_on_stderr()
    {
        using var desk = await new CommandDesk().InitAsync("team");
        await desk.RegisterAsync("digits", 0.9);
        foreach (var (exit, code, line) in new[]
        {
            (64, "invalid_arguments", "list-models --limit 1000"), (64, "stage_unknown", "list-models --stage moon"), (66, "model_not_found", "get-model digts"),
            (66, "version_not_found", "get-model digits --version 7"), (66, "promotion_not_found", "get-promotion prm_none"), (66, "source_missing", "register digits --file /no/such/file"),
            (75, "version_exists", "register digits --version v1 --file " + desk.File("x", "x")), (75, "policy_differs", "list-models --policy open"), (75, "already_in_stage", "promote digits 1 development"),
            (77, "terminal_required", "person add bob"), (77, "alias_governed", "set-metadata digits --version 1 --alias champion"), (64, "invalid_arguments", "list-models --database nonsense"),
            (77, "terminal_required", "policy accept open"), (77, "terminal_required", "token create --agent a --owner alice"), (66, "promotion_not_found", "approve prm_none"),
        })
        {
            var ran = await desk.RunAsync(line.Split(' '));
            Assert.True((exit, "") == (ran.Exit, ran.Out), $"{line} ended with {ran.Exit}: {ran.Err}");
            Assert.StartsWith(code + ": ", ran.Err, StringComparison.Ordinal);
            Assert.Equal(2, ran.Err.TrimEnd().Split('\n').Length);
        }
        Assert.Contains("'digits'", (await desk.RunAsync("get-model", "digts")).Err, StringComparison.Ordinal);
        var blocked = await desk.RunAsync("promote", "digits", "1", "production");
        Assert.Equal(65, blocked.Exit);
        Assert.Contains("fail", blocked.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outage_ends_with_70_and_a_remedy_but_no_stack_unless_asked_for()
    {
        using var desk = new CommandDesk();
        var file = desk.File("not-a-folder", "x");
        var ran = await desk.RunAsync("init", "--person", "alice", "--passphrase-file", desk.File("p", CommandDesk.Passphrase), "--data", Path.Combine(file, "data"));
        Assert.Equal((70, 2), (ran.Exit, ran.Err.TrimEnd().Split('\n').Length));
        Assert.StartsWith("storage_unavailable: ", ran.Err, StringComparison.Ordinal);
        var verbose = await desk.RunAsync("init", "--person", "alice", "--passphrase-file", desk.File("p", CommandDesk.Passphrase), "--data", Path.Combine(file, "data"), "--verbose");
        Assert.Contains(" at ModelRegistry.", verbose.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_was_changed_ends_audit_verify_with_1_and_names_the_entry()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9);
        await desk.DoneAsync("audit", "verify");
        await using (var database = new SqliteConnection($"Data Source={Path.Combine(desk.Data, "registry.db")};Pooling=False"))
        {
            await database.OpenAsync();
            await using var change = database.CreateCommand();
            change.CommandText = "update audit_entry set leaf = replace(leaf, 'person.init', 'person.anit') where position = 2";
            Assert.Equal(1, await change.ExecuteNonQueryAsync());
        }
        var ran = await desk.RunAsync("audit", "verify", "--output", "json");
        Assert.Equal((1, false), (ran.Exit, (bool?)ran.Json["verified"]));
        Assert.Contains(ran.Json["findings"]!.AsArray(), f => (long?)f!["position"] == 2);
        Assert.Equal(1, (await desk.RunAsync("audit", "verify", "--checkpoint", desk.File("foreign", "not a note"))).Exit);
    }

    [Fact]
    public async Task What_others_wrote_reaches_no_terminal_as_an_escape_sequence()
    {
        using var desk = await new CommandDesk().InitAsync();
        const string evil = "fine\u001b]0;owned\u0007 \u001b[31mred\u009b2J \u202egnp.exe \u200bhidden\r\nAPPROVED by alice";
        await desk.RegisterAsync("digits", 0.9, "--description", evil, "--release-notes", evil, "--dataset", evil);
        Assert.Equal(8, (await desk.RunAsync("promote", "digits", "1", "production", "--reason", evil)).Exit);
        var id = await desk.PendingAsync();
        var seen = "";
        foreach (var line in new[] { "list-models", "get-model digits", "pending", $"get-promotion {id}", "audit list", "get-model digits --output json", $"get-promotion {id} --output json" })
            seen += (await desk.DoneAsync(line.Split(' '))).Out;
        var person = new TypingPerson("wrong");
        await desk.RunAsync(person, ["approve", id]);
        seen += person.Shown;
        Assert.DoesNotContain(seen, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain(seen, c => c is '\u202e' or '\u200b' or '\u009b');
        Assert.Contains("  | APPROVED by alice", person.Shown, StringComparison.Ordinal);
        Assert.Contains("(untrusted)", person.Shown, StringComparison.Ordinal);
        Assert.Equal(evil, (string?)(await desk.DoneAsync("get-promotion", id, "--output", "json")).Json["reason"]);
    }

    [Fact]
    public async Task A_sheet_drawn_on_a_terminal_says_the_same()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9, "--description", "[red]not markup[/]");
        var drawn = await desk.RunAsync(new TypingPerson(), ["get-model", "digits"], fancy: true);
        Assert.Contains("[red]not markup[/]", drawn.Out, StringComparison.Ordinal);
        Assert.Contains("0.9", drawn.Out, StringComparison.Ordinal);
        Assert.Contains('\u001b', drawn.Out);
    }

    [Fact]
    public async Task A_decision_is_made_by_the_person_who_types_and_one_that_is_over_is_not_asked_for()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9);
        await desk.RunAsync("promote", "digits", "1", "production");
        var id = await desk.PendingAsync();
        var rejected = await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["reject", id, "--comment", "not yet", "--output", "json"]);
        Assert.Equal((0, "rejected", "not yet"), (rejected.Exit, (string?)rejected.Json["status"], (string?)rejected.Json["decisions"]![0]!["comment"]));
        var late = new TypingPerson();
        var over = await desk.RunAsync(late, ["approve", id]);
        Assert.Equal((75, 0), (over.Exit, late.Prompts.Count));
        Assert.StartsWith("promotion_not_pending: ", over.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_passphrase_is_asked_twice_and_has_to_be_the_same()
    {
        using var desk = new CommandDesk();
        var slip = new TypingPerson("one long passphrase", "one long passphrose");
        var differ = await desk.RunAsync(slip, ["init", "--person", "alice"]);
        Assert.Equal((64, true), (differ.Exit, differ.Err.StartsWith("passphrases_differ: ", StringComparison.Ordinal)));
        Assert.All(slip.Prompts, prompt => Assert.Contains("passphrase", prompt, StringComparison.Ordinal));
        Assert.False(Directory.Exists(desk.Data));
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson("one long passphrase", "one long passphrase"), ["init", "--person", "alice"])).Exit);
        var admin = new TypingPerson("one long passphrase", "bobs long passphrase", "bobs long passphrase");
        Assert.Equal(0, (await desk.RunAsync(admin, ["person", "add", "bob"])).Exit);
        Assert.Equal(["passphrase of alice: ", "new passphrase for bob: ", "the same passphrase for bob again: "], admin.Prompts);
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson("one long passphrase"), ["person", "disable", "bob"])).Exit);
        Assert.Contains("disabled", (await desk.DoneAsync("person", "list")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_alone_on_stdout_is_listed_without_its_secret_and_can_be_revoked()
    {
        using var desk = await new CommandDesk().InitAsync();
        var made = await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["token", "create", "--service", "trainer", "--owner", "alice", "--model", "dig*", "--expires", "30"]);
        Assert.Equal(0, made.Exit);
        var secret = Assert.Single(made.Out.TrimEnd().Split('\n'));
        var listed = await desk.DoneAsync("token", "list", "--output", "json");
        Assert.DoesNotContain(secret, listed.Out, StringComparison.Ordinal);
        var id = (string)listed.Json["items"]![0]!["id"]!;
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["token", "revoke", id])).Exit);
        Assert.NotNull((string?)(await desk.DoneAsync("token", "list", "--output", "json")).Json["items"]![0]!["revoked_at"]);
    }

    [Fact]
    public async Task A_policy_is_checked_without_a_registry_and_accepted_by_an_admin()
    {
        using var desk = new CommandDesk();
        var wrong = await desk.RunAsync("policy", "check", desk.File("wrong.json", "{\n  \"name\": \"x\",\n  \"promtions\": {}\n}"));
        Assert.Equal(64, wrong.Exit);
        Assert.Contains("line 3", wrong.Err, StringComparison.Ordinal);
        await desk.InitAsync();
        Assert.Equal(0, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["policy", "accept", "team"])).Exit);
        Assert.Equal("team", (string?)(await desk.DoneAsync("policy", "show", "--output", "json")).Json["name"]);
    }

    [Fact]
    public async Task Metadata_can_be_set_and_files_come_back_as_they_went_in()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9, "--metadata", desk.File("m.json", """{"framework": "sklearn", "metrics": {"f1": 0.8, "accuracy": 0.1}, "description": "from the file"}"""));
        var info = (await desk.DoneAsync("get-model", "digits", "--output", "json")).Json;
        Assert.Equal(("sklearn", 0.9, 0.8, "from the file"), ((string?)info["version"]!["framework"], (double?)info["version"]!["metrics"]!["accuracy"], (double?)info["version"]!["metrics"]!["f1"], (string?)info["description"]));
        await desk.DoneAsync("set-metadata", "digits", "--version", "1", "--tag", "a=1=2", "--metric", "auc=0.7", "--alias", "candidate", "--deprecated", "true");
        await desk.DoneAsync("set-metadata", "digits", "--rename", "numerals", "--task", "classification");
        var after = (await desk.DoneAsync("get-model", "numerals", "--version", "@candidate", "--output", "json")).Json["version"]!;
        await desk.DoneAsync("set-metadata", "numerals", "--remove-alias", "@Candidate", "--remove-alias", "nobody");
        Assert.Equal(66, (await desk.RunAsync("get-model", "numerals", "--version", "@candidate")).Exit);
        Assert.Equal(77, (await desk.RunAsync("set-metadata", "numerals", "--remove-alias", "champion")).Exit);
        Assert.Equal(("1=2", 0.7, true), ((string?)after["tags"]!["a"], (double?)after["metrics"]!["auc"], (bool?)after["deprecated"]));
        var folder = Path.Combine(desk.Folder, "out");
        await desk.DoneAsync("download", "numerals", "--out", folder);
        Assert.Equal(75, (await desk.RunAsync("download", "numerals", "1", "--out", folder)).Exit);
        await desk.DoneAsync("download", "numerals", "1", "--out", folder, "--overwrite");
        Assert.Equal("weights 0.9", await File.ReadAllTextAsync(Path.Combine(folder, "digits-0.9.bin")));
    }

    [Fact]
    public async Task The_owner_of_the_command_line_can_withdraw_and_the_key_gives_the_same_promotion()
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("digits", 0.9);
        string[] wish = ["promote", "digits", "1", "production", "--idempotency-key", "k1", "--output", "json"];
        var first = await desk.RunAsync(wish);
        Assert.Equal((8, (string?)first.Json["promotion_id"]), ((await desk.RunAsync(wish)) is var again ? again.Exit : 0, (string?)again.Json["promotion_id"]));
        var withdrawn = await desk.DoneAsync("withdraw", (string)first.Json["promotion_id"]!, "--reason", "wrong one", "--output", "json");
        Assert.Equal("withdrawn", (string?)withdrawn.Json["status"]);
        Assert.Equal(75, (await desk.RunAsync(wish)).Exit);
        Assert.Equal(75, (await desk.RunAsync(new TypingPerson(CommandDesk.Passphrase), ["revoke", (string)first.Json["promotion_id"]!])).Exit);
    }

    [Fact]
    public async Task Doctor_names_what_is_wrong_and_ends_with_1()
    {
        using var desk = new CommandDesk();
        var none = await desk.RunAsync("doctor");
        Assert.Equal(1, none.Exit);
        Assert.Contains("init --person", none.Out, StringComparison.Ordinal);
        await desk.InitAsync();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(desk.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            Assert.Contains("chmod 700", (await desk.DoneAsync("doctor")).Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_cancelled_run_ends_with_130()
    {
        using var desk = await new CommandDesk().InitAsync();
        Assert.Equal(130, (await desk.RunAsync(new TypingPerson(), ["list-models"], cancel: new CancellationToken(canceled: true))).Exit);
    }
}
