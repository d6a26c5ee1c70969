using ModelRegistry.Domain.Mlflow;
using Xunit;

namespace ModelRegistry.Tests.Mlflow;

/// <summary>What a filter says, and where it says nothing.</summary>
public sealed class SearchFilterTests
{
    [Theory]
    [InlineData("name = 'fraud'", "Name  Equal fraud")]
    [InlineData("name='fraud'", "Name  Equal fraud")]
    [InlineData("attributes.name != \"fraud\"", "Name  NotEqual fraud")]
    [InlineData("`name` like 'Fra%' and tag.`a b` iLIKE '%x_'", "Name  Like Fra%; Tag a b ILike %x_")]
    [InlineData("tags.\"mlflow.prompt.is_prompt\" != 'true'", "Tag mlflow.prompt.is_prompt NotEqual true")]
    [InlineData("tags.mlflow.source.type = ''", "Tag mlflow.source.type Equal ")]
    [InlineData("tags.quote = 'it''s' AND run_id IN ('a','b' , \"c\")", "Tag quote Equal it's; RunId  In a,b,c")]
    [InlineData("version_number >= 3 AND version_number < '10' AND version_number != -1", "VersionNumber  AtLeast 3; VersionNumber  Less 10; VersionNumber  NotEqual -1")]
    [InlineData("source_path LIKE 's3://%'\n\tAND\n name = 'x'", "SourcePath  Like s3://%; Name  Equal x")]
    public void A_filter_is_read(string filter, string comparisons) => Assert.Equal(comparisons, string.Join("; ",
        SearchFilter.Read(filter, SearchOf.Versions).Value.Comparisons.Select(c => $"{c.Field} {c.Key} {c.Operator} {(c.Field == SearchField.VersionNumber ? c.Number : string.Join(",", c.Values))}")));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  \n ")]
    public void Nothing_is_a_filter_that_everything_fits(string? filter) => Assert.Empty(SearchFilter.Read(filter, SearchOf.Models).Value.Comparisons);

    [Theory]
    [InlineData("name", 5, "IN was expected")]
    [InlineData("name =", 7, "a text in single quotes was expected")]
    [InlineData("name = fraud", 8, "a text in single quotes was expected")]
    [InlineData("name = `fraud`", 8, "a text in single quotes was expected")]
    [InlineData("name = 'fraud", 8, "a quote is not closed")]
    [InlineData("name = 'a' OR name = 'b'", 12, "AND, or the end, was expected")]
    [InlineData("name = 'a' AND", 15, "the name of a field was expected")]
    [InlineData("(name = 'a')", 1, "the name of a field was expected")]
    [InlineData("name > 'a'", 6, "this field is compared with =, !=, LIKE, ILIKE")]
    [InlineData("tags. = 'a'", 7, "right behind the dot")]
    [InlineData("tags.`` = 'a'", 6, "right behind the dot")]
    [InlineData("params.x = 'a'", 1, "before the dot stands tags or attributes")]
    [InlineData("name ; drop", 6, "IN was expected")]
    [InlineData("name = 'a' -- ", 12, "AND, or the end, was expected")]
    [InlineData("version_number = 'x'", 18, "a whole number was expected")]
    [InlineData("version_number = 99999999999999999999", 18, "a whole number was expected")]
    [InlineData("run_id IN 'a'", 11, "a list such as")]
    [InlineData("run_id IN ()", 12, "a text in single quotes was expected")]
    [InlineData("run_id IN ('a',)", 16, "a text in single quotes was expected")]
    [InlineData("run_id IN ('a'", 15, "a comma or ) was expected")]
    [InlineData("name ! 'a'", 6, "this is no part of a filter")]
    public void What_is_no_filter_is_pointed_at(string filter, int at, string problem)
    {
        var no = SearchFilter.Read(filter, SearchOf.Versions).Refusal!;
        Assert.Equal("search_filter_invalid", no.Code);
        Assert.StartsWith($"Invalid filter, at character {at}", no.Message, StringComparison.Ordinal);
        Assert.Contains(problem, no.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nme = 'a'", SearchOf.Versions)]
    [InlineData("run_id = 'a'", SearchOf.Models)]
    [InlineData("attributes.version_number = 1", SearchOf.Models)]
    [InlineData("Name = 'a'", SearchOf.Models)]
    public void A_field_that_is_not_there_is_named_with_those_that_are(string filter, SearchOf of)
    {
        var no = SearchFilter.Read(filter, of).Refusal!;
        Assert.Equal("search_field_unknown", no.Code);
        Assert.Matches("^Invalid attribute key '[a-zA-Z_]+' specified.*Valid keys are 'name'", no.Message);
    }

    [Fact]
    public void However_large_it_is_it_is_read_or_refused_soon()
    {
        Assert.Equal("search_filter_invalid", SearchFilter.Read(new string('(', 1_000_000), SearchOf.Models).Refusal!.Code);
        Assert.Equal("search_filter_invalid", SearchFilter.Read(string.Join(" AND ", Enumerable.Repeat("name = 'a'", 51)), SearchOf.Models).Refusal!.Code);
        Assert.Equal("search_filter_invalid", SearchFilter.Read($"run_id IN ({string.Join(",", Enumerable.Repeat("'a'", 1_001))})", SearchOf.Versions).Refusal!.Code);
        Assert.Equal(50, SearchFilter.Read(string.Join(" AND ", Enumerable.Repeat("name = 'a'", 50)), SearchOf.Models).Value.Comparisons.Count);
    }

    [Theory]
    [InlineData("", SearchOf.Models, "Name+")]
    [InlineData("", SearchOf.Versions, "UpdatedAt- Name+ VersionNumber-")]
    [InlineData("last_updated_timestamp desc", SearchOf.Models, "UpdatedAt- Name+")]
    [InlineData("attribute.`name` DESC|creation_timestamp", SearchOf.Versions, "Name- CreatedAt+ UpdatedAt- VersionNumber-")]
    [InlineData("timestamp ASC", SearchOf.Versions, "UpdatedAt+ Name+ VersionNumber-")]
    public void An_order_is_read_and_made_total(string terms, SearchOf of, string order) =>
        Assert.Equal(order, string.Join(' ', SearchOrder.Read(terms.Split('|', StringSplitOptions.RemoveEmptyEntries), of).Value.Terms));

    [Theory]
    [InlineData("run_id", "search_order_invalid")]
    [InlineData("name up", "search_order_invalid")]
    [InlineData("name ASC, version_number", "search_order_invalid")]
    [InlineData("name; drop table version", "search_order_invalid")]
    [InlineData(" ", "search_order_invalid")]
    [InlineData("name|name DESC", "search_order_repeated")]
    [InlineData("timestamp|last_updated_timestamp", "search_order_repeated")]
    public void What_is_no_order_is_refused(string terms, string code) => Assert.Equal(code, SearchOrder.Read(terms.Split('|'), SearchOf.Versions).Refusal!.Code);

    [Theory]
    [InlineData("runs:/abc/model", "Elsewhere")]
    [InlineData("models:/m-0123abc", "Elsewhere")]
    [InlineData("models:/Fraud/3", "OfModel Fraud 3")]
    [InlineData("models:/A%20B@champion", "OfModel A B @champion")]
    [InlineData("models:///Fraud/Production", "OfModel Fraud Production")]
    [InlineData("mlflow-artifacts:/0/r/artifacts/model/", "Uploaded 0/r/artifacts/model")]
    [InlineData("https://registry.test/ml/api/2.0/mlflow-artifacts/artifacts/0/a%20b", "Uploaded 0/a b")]
    [InlineData("https://other.test/api/2.0/mlflow-artifacts/artifacts/0/a", "Elsewhere")]
    [InlineData("s3://bucket/0/model", "InBucket")]
    [InlineData("dbfs:/databricks/x", "Elsewhere")]
    public void A_source_is_told_by_what_it_is(string source, string kind)
    {
        var read = VersionSource.Parse(source, "https://registry.test/ml").Value;
        Assert.Equal(source, read.Text);
        Assert.Equal(kind, read switch { VersionSource.OfModel m => $"OfModel {m.Name} {m.Reference}", VersionSource.Uploaded u => $"Uploaded {u.Path}", var other => other.GetType().Name });
    }

    [Theory]
    [Attack(19, "rules")]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("etc/passwd")]
    [InlineData("C:/windows")]
    [InlineData("file:///etc/passwd")]
    [InlineData("FILE:/etc")]
    [InlineData("s3://b/a/../../c")]
    [InlineData("s3://b/%2e%2e/c")]
    [InlineData("mlflow-artifacts:/%252e%252E/c")]
    [InlineData("mlflow-artifacts:/a%5c..%5cb")]
    [InlineData("http://x/?path=../a")]
    [InlineData("http://x/#../a")]
    [InlineData("runs:/a\0b")]
    [InlineData("runs:/a%00b")]
    [InlineData("models:/a")]
    [InlineData("models:/a/b/c")]
    [InlineData("models:/@x")]
    public void A_source_that_could_lead_elsewhere_is_refused(string source) => Assert.Equal("source_unsafe", VersionSource.Parse(source, "http://localhost:1").Refusal?.Code);
}
