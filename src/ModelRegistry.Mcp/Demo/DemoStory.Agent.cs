using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Demo;

/// <summary>The agent's steps, and those of the people who answer it.</summary>
internal sealed partial class DemoStory
{
    private static readonly string[] Decisive = ["approve", "decide", "apply"];

    /// <summary>A moment at which v2 served; looked back at later.</summary>
    private DateTimeOffset _whileSecondServed;

    private async Task LookAroundAsync(AgentSession agent)
    {
        _story.Begin("An agent looks around (MCP over stdio)");
        var tools = await agent.ToolsAsync(_cancel);
        Hold(tools.Contains("promote_model") && !tools.Any(t => Decisive.Any(t.StartsWith)), "a tool to propose and none to approve", string.Join(", ", tools));
        _story.Tell(Role.Agent, "agent", $"connects and finds {tools.Count} tools; none of them approves");
        var serving = (await agent.CallAsync("get_serving_version", new { model_name = Model }, _cancel)).Answer;
        Hold((string?)serving["version"] == "v1" && (string?)serving["approved_by"]?[0] == _ben, $"v1, approved by {_ben}", serving);
        _story.Tell(Role.Agent, "agent", $"get_serving_version: {serving["version"]} serves {serving["stage"]}, approved by {serving["approved_by"]![0]}");
        var compared = (await agent.CallAsync("compare_versions", new { model_name = Model, versions = "v1,v2" }, _cancel)).Answer;
        var metrics = compared["metrics"]!.AsArray();
        Hold(metrics.Count == 3 && metrics.All(m => (string?)m!["best"] == "v2"), "v2 best in all three metrics", compared);
        _story.Tell(Role.Agent, "agent", $"compare_versions: {string.Join(", ", metrics.Select(m => $"{m!["metric"]} {Number(m["values"]![0])} → {Number(m["values"]![1])}"))}; v2 is better in each");
    }

    private async Task<string> ProposeAsync(AgentSession agent)
    {
        _story.Begin("The agent proposes v2");
        var staged = (await agent.CallAsync("promote_model", new { model_name = Model, version = "v2", stage = "staging" }, _cancel)).Answer;
        Hold((string?)staged["status"] == "applied", "applied at once", staged);
        _story.Tell(Role.Agent, "agent", "promote_model v2 to staging: applied at once");
        var parked = (await agent.CallAsync("promote_model", new { model_name = Model, version = "v2", stage = "production", reason = "better in every metric on the held-out rows" }, _cancel)).Answer;
        Hold((string?)parked["status"] == "pending" && (string?)parked["replaces"] == "v1", "pending, replacing v1", parked);
        _story.Tell(Role.Agent, "agent", $"promote_model v2 to production: pending, as {parked["promotion_id"]}");
        _story.Tell(Role.Registry, "registry", $"gates: {string.Join(", ", parked["gates"]!.AsArray().Select(g => $"{g!["rule"]} {g["verdict"]}"))}");
        var required = parked["required"]!;
        Hold((bool)required["four_eyes"]! && (string?)required["assurance"] == "authenticated", "four eyes, authenticated", required);
        _story.Tell(Role.Registry, "registry", $"needs: {required["approvals"]![0]!["count"]} {required["approvals"]![0]!["role"]}, {required["assurance"]}, and four eyes. v1 still serves");
        await HoldServingAsync("v1");
        return (string)parked["promotion_id"]!;
    }

    private async Task TryToConfirmAsync(AgentSession agent, string promotion)
    {
        _story.Begin("The agent tries to approve it itself");
        var arguments = new { promotion_id = promotion, decision = "approve" };
        _story.Tell(Role.Agent, "agent", "confirm_promotion, decision: approve");
        var asked = (await agent.CallAsync("confirm_promotion", arguments, _cancel)).Answer;
        Hold((string?)asked["status"] == "pending" && ((string?)asked["next"] ?? "").StartsWith("Nothing is decided", StringComparison.Ordinal), "nothing decided", asked);
        _story.Refused(new RegistrysNo("", (string)asked["next"]!, (string?)asked["approve_command"] ?? ""));
        _story.Tell(Role.Agent, "agent", "confirm_promotion again, with a forged answer to a dialog nobody saw");
        var forged = await agent.CallWithForgedAnswerAsync("confirm_promotion", arguments, _cancel);
        _story.Refused(forged.No);
        var after = (await agent.CallAsync("get_promotion", new { promotion_id = promotion }, _cancel)).Answer;
        Hold((string?)after["status"] == "pending" && after["decisions"]!.AsArray().Count == 0 && agent.DialogsAnswered == 0, "still pending, without a decision", after);
        await HoldServingAsync("v1");
    }

    private async Task OwnerTriesAsync(string promotion)
    {
        _story.Begin("The agent's owner tries");
        _story.Tell(Role.Person, _ana, "approve, with her own and correct passphrase");
        var no = (await _prompt.RunAsync("approve", promotion, "--as", _ana)).Ending(Replies.Exit.Forbidden).No;
        Hold(no.Code == "four_eyes", "four_eyes", no.Code);
        _story.Refused(no);
        await HoldServingAsync("v1");
    }

    private async Task SecondPersonDecidesAsync(AgentSession agent, string promotion)
    {
        _story.Begin("A second person decides");
        var approved = (await _prompt.RunAsync("approve", promotion, "--as", _ben, "--comment", "Checked the card and the numbers.")).Ending(Replies.Exit.Done);
        Hold(approved.Screen.Contains("v2", StringComparison.Ordinal) && approved.Screen.Contains("accuracy", StringComparison.Ordinal), "the statement on the terminal", approved.Screen);
        _story.Tell(Role.Person, _ben, "approve: the terminal shows v2 against v1 and the statement's digest; he types his passphrase");
        await HoldServingAsync("v2");
        var applied = (await agent.CallAsync("get_promotion", new { promotion_id = promotion }, _cancel)).Answer;
        var decision = applied["decisions"]![0]!;
        Hold((string?)applied["status"] == "applied" && (string?)decision["person"] == _ben && (string?)decision["assurance"] == "authenticated", $"applied, decided by {_ben}, authenticated", applied);
        var first = (await agent.CallAsync("get_model_info", new { model_name = Model, version = "v1" }, _cancel)).Answer;
        var champion = (await agent.CallAsync("get_model_info", new { model_name = Model, version = "@champion" }, _cancel)).Answer;
        Hold((string?)first["version"]!["stage"] == "archived" && (string?)champion["version"]!["version"] == "v2", "v1 archived and v2 the champion", champion);
        _story.Good("files hashed again, gates held again, production moved: v2 serves, v1 is archived, @champion is v2");

        var folder = Path.Combine(_folder, "service");
        (await _prompt.RunAsync("download", Model, "--out", folder)).Ending(Replies.Exit.Done);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Directory.GetFiles(folder, "digits.onnx", SearchOption.AllDirectories).Single(), _cancel)));
        Hold(sha256 == await HashAsync("digits-v2.onnx"), "the bytes of v2", sha256);
        _story.Tell(Role.Pipeline, "service", $"download digits: sha256 {sha256[..16]}…, the bytes that were approved");
    }

    private async Task WorseOneIsRejectedAsync(AgentSession agent)
    {
        _story.Begin("A worse version is proposed");
        var parked = (await agent.CallAsync("promote_model", new { model_name = Model, version = "v1", stage = "production", reason = "it is smaller" }, _cancel)).Answer;
        Hold((string?)parked["status"] == "pending", "pending", parked);
        _story.Tell(Role.Agent, "agent", "promote_model v1 to production, \"it is smaller\": pending");
        const string comment = "It errs on 7 % of the digits.";
        (await _prompt.RunAsync("reject", (string)parked["promotion_id"]!, "--as", _ben, "--comment", comment)).Ending(Replies.Exit.Done);
        _story.Tell(Role.Person, _ben, $"reject, with his passphrase: \"{comment}\"");
        var rejected = (await agent.CallAsync("get_promotion", new { promotion_id = (string)parked["promotion_id"]! }, _cancel)).Answer;
        Hold((string?)rejected["status"] == "rejected" && ((string?)rejected["decisions"]?[0]?["comment"] ?? "").Contains(comment, StringComparison.Ordinal), "rejected with the comment", rejected);
        _story.Tell(Role.Agent, "agent", $"get_promotion: rejected; reads {rejected["decisions"]![0]!["comment"]}");
        await HoldServingAsync("v2");
        _whileSecondServed = DateTimeOffset.UtcNow;
    }

    private async Task RollBackAsync(AgentSession agent)
    {
        _story.Begin("Back in one step, and what served when");
        var parked = (await agent.CallAsync("rollback_model", new { model_name = Model, reason = "errors rise since v2 serves" }, _cancel)).Answer;
        Hold((string?)parked["status"] == "pending" && (string?)parked["version"] == "v1", "a pending rollback to v1", parked);
        _story.Tell(Role.Agent, "agent", "rollback_model: to v1, pending");
        (await _prompt.RunAsync("approve", (string)parked["promotion_id"]!, "--as", _ana)).Ending(Replies.Exit.Done);
        await HoldServingAsync("v1");
        _story.Tell(Role.Person, _ana, "approve: a rollback takes one approver under 'team', the owner too");
        var at = _whileSecondServed.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        var then = (await agent.CallAsync("get_serving_version", new { model_name = Model, at }, _cancel)).Answer;
        Hold((string?)then["version"] == "v2" && (string?)then["approved_by"]?[0] == _ben, $"v2 at {at}, approved by {_ben}", then);
        var now = (await agent.CallAsync("get_serving_version", new { model_name = Model }, _cancel)).Answer;
        Hold((string?)now["version"] == "v1" && (string?)now["approved_by"]?[0] == _ana, $"v1 now, approved by {_ana}", now);
        _story.Tell(Role.Agent, "agent", $"get_serving_version at {at[11..23]}: {then["version"]}, approved by {then["approved_by"]![0]}; now: {now["version"]}, approved by {now["approved_by"]![0]}");
        var periods = (await agent.CallAsync("get_history", new { model_name = Model }, _cancel)).Answer["history"]!.AsArray().Where(p => (string?)p!["stage"] == "production").ToList();
        Hold(periods.Select(p => (string?)p!["version"]).SequenceEqual(["v1", "v2", "v1"]), "v1, v2, v1 in production", new JsonArray([.. periods.Select(p => p!.DeepClone())]));
        _story.Tell(Role.Agent, "agent", $"get_history: production served {string.Join(", then ", periods.AsEnumerable().Reverse().Select(p => $"{p!["version"]} ({p["approved_by"]![0]})"))}");
    }
}
