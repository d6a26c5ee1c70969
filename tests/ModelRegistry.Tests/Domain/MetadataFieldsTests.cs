using System.Text.Json.Nodes;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Domain;

public sealed class MetadataFieldsTests
{
    [Theory]
    [InlineData("dataset", true)]
    [InlineData("card.intended_use", true)]
    [InlineData("metrics.f1", true)]
    [InlineData("tags.team", true)]
    [InlineData("card.", false)]
    [InlineData("datasets", false)]
    [InlineData("Dataset", false)]
    [InlineData("dataset.name", false)]
    [InlineData("", false)]
    [InlineData(".", false)]
    public void Only_fields_that_exist_can_be_asked_for(string field, bool known) => Assert.Equal(known, MetadataFields.IsKnown(field));

    [Theory]
    [InlineData("dataset")]
    [InlineData("code_commit")]
    [InlineData("card")]
    [InlineData("card.intended_use")]
    [InlineData("card.limitations")]
    [InlineData("lineage")]
    [InlineData("lineage.parent")]
    [InlineData("metrics")]
    [InlineData("metrics.accuracy")]
    [InlineData("framework")]
    [InlineData("format")]
    public void What_a_version_says_is_filled(string field) => Assert.True(MetadataFields.IsFilled(field, Some.Metadata, Card(Some.Metadata.Card)));

    [Fact]
    public void Nothing_is_filled_in_an_empty_version() =>
        Assert.All(MetadataFields.Plain.Concat(["card.x", "metrics.x", "tags.x", "lineage.x", "hyperparameters.x", "nonsense", "card."]),
            field => Assert.False(MetadataFields.IsFilled(field, new VersionMetadata(), ModelCard.None), field));

    [Fact]
    public void Blanks_and_empty_values_fill_nothing()
    {
        var empty = new JsonObject { ["x"] = "", ["y"] = null, ["z"] = new JsonArray(" ", new JsonObject()) };
        var blank = new VersionMetadata
        {
            Format = " ", Framework = "\t", Dataset = " ", CodeCommit = "\n", ReleaseNotes = " ", Card = " \n", Source = " ", RunId = " ",
            Dependencies = ["", " "], Tags = new Dictionary<string, string> { ["x"] = " " },
            Hyperparameters = empty, Signature = (JsonObject)empty.DeepClone(), Lineage = (JsonObject)empty.DeepClone(),
        };
        Assert.All(MetadataFields.Plain.Concat(["tags.x", "lineage.x", "lineage.z", "hyperparameters.y"]),
            field => Assert.False(MetadataFields.IsFilled(field, blank, Card(blank.Card)), field));
    }

    [Fact]
    public void A_zero_or_false_does_fill_its_field()
    {
        var data = new VersionMetadata { Hyperparameters = new JsonObject { ["dropout"] = 0, ["bias"] = false }, Metrics = new Dictionary<string, double> { ["loss"] = 0 } };

        Assert.All(["hyperparameters.dropout", "hyperparameters.bias", "metrics.loss"], field => Assert.True(MetadataFields.IsFilled(field, data, ModelCard.None)));
    }

    [Fact]
    public void The_models_card_counts_where_the_version_has_none()
    {
        const string ofModel = "# Intended use\nDigits.\n";
        Assert.Equal(ofModel, ModelCard.Of(new VersionMetadata(), ofModel));
        Assert.Equal("# Other\nText.", ModelCard.Of(new VersionMetadata { Card = "# Other\nText." }, ofModel));
    }

    [Theory]
    [InlineData("---\nintended_use: digits\n---\n")]
    [InlineData("---\r\nIntended-Use: digits\r\n---\r\n")]
    [InlineData("---\nintended_use: |\n  digits\n---\n")]
    [InlineData("---\nother: 1\nintended_use:\n  - digits\n---\n")]
    [InlineData("---\n\"intended_use\": digits\n---\n")]
    [InlineData("---\n{intended_use: digits}\n---\n")]
    [InlineData("---\nbroken: [\n---\n# Intended use\nDigits.\n")]
    [InlineData("# Model\n## Intended Use\nDigits.\n")]
    [InlineData("## Intended use:\n\nDigits.")]
    [InlineData("## Intended use\n### Primary users\nBanks.\n")]
    [InlineData("---\nlicense: mit\n---\n# Intended use\nDigits.\n")]
    public void A_card_says_something_in_its_front_matter_or_under_a_heading(string card) => Assert.True(Card(card).Has("intended_use"));

    [Theory]
    [InlineData("")]
    [InlineData("intended_use")]
    [InlineData("---\nintended_use:\n---\n")]
    [InlineData("---\nintended_use: null\n---\n")]
    [InlineData("---\nintended_use: []\n---\n")]
    [InlineData("---\nintended_use: ~\nlicense: mit\n---\n")]
    [InlineData("---\n# intended_use: digits\n---\n")]
    [InlineData("## Intended use\n\n## Limitations\nNone known.\n")]
    [InlineData("### Intended use\n## Limitations\nNone known.\n")]
    [InlineData("## Intended use\n[More Information Needed]\n")]
    [InlineData("## Intended use\n<!-- Say what it is\nfor. -->\n")]
    [InlineData("## Intended use\n<!-- never closed")]
    [InlineData("## Intended use\n---\n***\n")]
    [InlineData("# Intended usefulness\nDigits.\n")]
    [InlineData("---\nintended_use: # digits, one day\n---\n")]
    [InlineData("---\nother:\n  intended_use: digits\n---\n")]
    [InlineData("---\nother: |\n  intended_use: digits\n---\n")]
    [InlineData("---\nother: &x digits\nintended_use: *x\n---\n")]
    [InlineData("---\nintended_use: [digits\n---\n")]
    [InlineData("```\n# Intended use\nDigits.\n```\n")]
    public void Headings_alone_templates_and_comments_say_nothing(string card) => Assert.False(Card(card).Has("intended_use"));

    private static ModelCard Card(string text) => CardReader.Read(text).Card;
}
