namespace ModelRegistry.Domain;

/// <summary>The four policies that ship, as the JSON that a file would hold.</summary>
public static class PolicyProfiles
{
    public const string Open = "open", Local = "local", Team = "team", Regulated = "regulated";

    public static IReadOnlyList<string> Names { get; } = [Open, Local, Team, Regulated];

    /// <summary>The text of a profile; null when there is none of this name.</summary>
    public static string? Find(string name) => name switch { Open => OpenJson, Local => LocalJson, Team => TeamJson, Regulated => RegulatedJson, _ => null };

    private const string Better = """
        "better": {"log_loss": "lower", "loss": "lower", "mae": "lower", "mse": "lower", "rmse": "lower", "latency_ms": "lower", "perplexity": "lower", "wer": "lower"}
        """;

    // Governs nothing: every promotion applies at once.
    private const string OpenJson = $$$"""
        {
          "name": "open",
          "stages": ["development", "validation", "staging", "production", "archived"],
          {{{Better}}},
          "targets": {"production": {"stage": "production"}, "staging": {"stage": "staging"}},
          "promotions": {}
        }
        """;

    // One user on one machine: a dialog in their own client is enough, and the record says "attested".
    private const string LocalJson = $$$"""
        {
          "name": "local",
          "stages": ["development", "validation", "staging", "production", "archived"],
          "governed_aliases": {"champion": "production"},
          {{{Better}}},
          "targets": {"production": {"stage": "production"}, "staging": {"stage": "staging"}},
          "promotions": {
            "production": {
              "approvals": [{"role": "approver", "count": 1}],
              "assurance": "attested",
              "on_replace": "archived"
            }
          },
          "rollback": {"production": {"approvals": 1, "assurance": "attested"}}
        }
        """;

    // A second person with a proof of their own, for every move of production.
    private const string TeamJson = $$$"""
        {
          "name": "team",
          "stages": ["development", "validation", "staging", "production", "archived"],
          "governed_aliases": {"champion": "production"},
          {{{Better}}},
          "targets": {"production": {"stage": "production"}, "staging": {"stage": "staging"}},
          "promotions": {
            "production": {
              "from": ["staging", "archived"],
              "approvals": [{"role": "approver", "count": 1}],
              "assurance": "authenticated",
              "four_eyes": true,
              "reason_required": true,
              "pending_hours": 24,
              "apply_hours": 1,
              "on_replace": "archived",
              "gates": [{"rule": "requires", "fields": ["dataset", "code_commit", "card.intended_use"]}]
            }
          },
          "rollback": {"production": {"approvals": 1, "assurance": "authenticated", "four_eyes": false}}
        }
        """;

    // Two persons sign the statement itself; files are inspected, card and lineage are there.
    private const string RegulatedJson = $$$"""
        {
          "name": "regulated",
          "stages": ["development", "validation", "staging", "production", "archived"],
          "governed_aliases": {"champion": "production"},
          {{{Better}}},
          "targets": {"production": {"stage": "production"}, "staging": {"stage": "staging"}},
          "promotions": {
            "production": {
              "from": ["staging", "archived"],
              "approvals": [{"role": "approver", "count": 2}],
              "assurance": "signed",
              "four_eyes": true,
              "reason_required": true,
              "retention_days": 3650,
              "pending_hours": 24,
              "apply_hours": 1,
              "on_replace": "archived",
              "gates": [
                {"rule": "requires", "fields": ["dataset", "code_commit", "card.intended_use", "card.limitations", "lineage"]},
                {"rule": "scan_clean"}
              ]
            }
          },
          "rollback": {"production": {"approvals": [{"role": "approver", "count": 1}], "assurance": "signed", "four_eyes": false}},
          "policy_change": {"approvals": [{"role": "admin", "count": 2}], "assurance": "signed"}
        }
        """;
}
