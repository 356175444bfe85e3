using System.Text.Json.Nodes;
using CPort.Api.Agencies;
using CPort.Api.Groups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace CPort.Api;

/// <summary>The OpenAPI document, made from the code at run time, with examples of made-up content only.</summary>
public static class ApiDocument
{
    private const string ReportExample = """
        {
          "reportingAnalystName": "analyst.one", "hotlineReceivedDate": "2026-01-04T08:15:00Z", "hotlineReference": "NL-2026-000123",
          "memo": "Seen on a public forum.", "sourceUrlReferrer": "https://links.example/go?id=1",
          "sourceUrlSiteType": 6, "sourceUrlCommerciality": "NonCommercial", "sourceUrlPaymentMethods": [9], "urgent": false,
          "urls": [
            { "urlString": "https://forum.example/thread/17", "isSourceUrl": true, "contentType": 2, "hostingCountryCode": "NL",
              "hostingIpAddress": "192.0.2.17" },
            { "urlString": "https://img.example/i/ab/cd.jpg", "isSourceUrl": false, "contentType": 1,
              "hashes": { "md5": "00112233445566778899aabbccddeeff", "sha1": "00112233445566778899aabbccddeeff00112233", "mediaSize": 48213, "mimeType": "image/jpeg" },
              "assessment": { "assessingAnalystName": "analyst.one", "classification": "National", "ageCategorization": 3, "genderCategorization": 2,
                "virtualContentCategorization": 0, "userGeneratedContentCategorization": 0, "childModelingCategorization": 0 },
              "actions": [ { "actionType": 1, "actioningAnalystName": "analyst.one", "actionDate": "2026-01-04T09:00:00Z" } ] }
          ]
        }
        """;

    private static readonly Dictionary<Type, string> Examples = new()
    {
        [typeof(ReportBody)] = ReportExample,
        [typeof(SubmissionAnswer)] = """{ "outcome": "accepted", "reportId": "3Z9QK7X0T2V5W8YB4CDEFGH1JM", "number": 20417, "version": 2 }""",
        [typeof(LineAnswer)] = """{ "line": 1, "outcome": "accepted", "reportId": "3Z9QK7X0T2V5W8YB4CDEFGH1JM", "number": 20417 }""",
        [typeof(ApiProblem)] = """
            { "type": "urn:cport:problem:malformed-hash", "title": "Malformed hash", "status": 422, "code": "malformed-hash",
              "detail": "urls[0].hashes.md5: MD5 is written as 32 hex digits.",
              "errors": [ { "field": "urls[0].hashes.md5", "code": "malformed-hash", "detail": "MD5 is written as 32 hex digits." } ] }
            """,
        [typeof(AssessBody)] =
            """{ "items": [ { "item": 2, "expectedVersion": 3 } ], "assessment": { "classification": "Baseline", "ageCategorization": 3, "genderCategorization": 2 } }""",
        [typeof(AssessAnyBody)] = """{ "items": [ { "item": "3Z9QK7X0T2V5W8YB4CDEFGH1JM-2" } ], "assessment": { "classification": "NotIllegal" } }""",
        [typeof(AssessGroupBody)] = """{ "all": true, "assessment": { "classification": "Baseline", "ageCategorization": 3, "genderCategorization": 2 } }""",
        [typeof(ActBody)] = """{ "items": [ { "item": 2 } ], "action": { "actionType": "Removed", "actionDate": "2026-01-05T10:00:00Z" } }""",
        [typeof(ActAnyBody)] = """{ "items": [ { "item": "3Z9QK7X0T2V5W8YB4CDEFGH1JM-2" } ], "action": { "actionType": "Unavailable", "reasonId": 9 } }""",
        [typeof(ClaimBody)] = """{ "items": [ { "item": 2 } ], "minutes": 60 }""",
        [typeof(ClaimAnyBody)] = """{ "items": [ { "item": "3Z9QK7X0T2V5W8YB4CDEFGH1JM-2" } ], "minutes": 60 }""",
        [typeof(HostingBody)] = """{ "items": [ { "item": 1 } ], "hostingCountryCode": "DE", "hostingIpAddress": "198.51.100.4" }""",
        [typeof(MoveBody)] = """{ "items": [ { "item": 1 } ], "countryCode": "DE" }""",
        [typeof(RegisterAgencyBody)] = """{ "id": "hotline-nl", "name": "Example hotline NL", "kind": "Hotline", "countries": [ "NL" ], "trust": "Trusted" }""",
        [typeof(IssueKeyBody)] = """{ "roles": [ "Analyst", "Machine" ] }""",
        [typeof(RotateKeyBody)] = """{ "graceSeconds": 3600 }""",
    };

    internal static IServiceCollection AddCPortOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", o =>
    {
        o.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "CPort", Version = "v1",
                Description =
                    "Processing of reports (metadata only) between hotlines and police. Errors are RFC 9457 problems with a `code`: 400 when a request cannot be "
                    + "read, 422 when a value in it cannot be used, with its field or parameter in `errors`. Dates are UTC. Every list pages in one way: "
                    + "`maxResults` (1 to 200, left out: 200) and `cursor`, which is `nextCursor` of the answer before, absent on the last page. Commands take `Command-Id` or `Idempotency-Key` and may be repeated safely with the same one.\n\n"
                    + "ICCAM codes may be sent as number or name and are answered as both:\n\n"
                    + string.Join("\n", CodeTexts().Select(t => $"- {t}")),
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key, cport_…" },
                ["apiKey"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = ApiKeyHandler.KeyHeader },
            };
            document.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("apiKey", document)] = [] },
            ];
            return Task.CompletedTask;
        });
        o.AddOperationTransformer((operation, context, _) =>
        {
            operation.RequestBody?.Content?.Remove("*/*");
            operation.Responses ??= [];
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No valid API key (a problem)." });
            foreach (var needed in context.Description.ActionDescriptor.EndpointMetadata.OfType<NeededDeed>())
            {
                operation.Description = $"{operation.Description} {AccessTable.WhoMay(needed.Deed)}".Trim();
            }

            operation.Parameters ??= [];
            operation.Parameters.Add(Header(ApiKeyHandler.PurposeHeader, "Why the caller looks; police must give one."));
            if (context.Description.HttpMethod is not "GET")
            {
                operation.Parameters.Add(Header(ApiCaller.CommandIdHeader, "Names the command; a repeat with the same id gets the first answer."));
            }

            return Task.CompletedTask;
        });
        o.AddSchemaTransformer((schema, context, _) =>
        {
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (type == typeof(CodeValue))
            {
                Become(schema, JsonSchemaType.Integer | JsonSchemaType.String, "A code's number or name.");
            }
            else if (type == typeof(FlagValue))
            {
                Become(schema, JsonSchemaType.Boolean | JsonSchemaType.Integer, "true, false, 1 or 0.");
            }
            else if (type == typeof(DateValue))
            {
                Become(schema, JsonSchemaType.String, "ISO 8601 with Z or an offset.");
                schema.Format = "date-time";
            }

            if (type.IsAssignableTo(typeof(HashTexts)))
            {
                foreach (var row in HashAlgorithms.All)
                {
                    schema.Properties![row.JsonName].Description = $"{row.Title}: {row.Form}.";
                }
            }

            if (Examples.TryGetValue(type, out var example))
            {
                schema.Examples = [JsonNode.Parse(example)!];
            }

            return Task.CompletedTask;
        });
    });

    private static OpenApiParameter Header(string name, string description) => new()
    {
        Name = name, In = ParameterLocation.Header, Required = false, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static void Become(OpenApiSchema schema, JsonSchemaType type, string description)
    {
        schema.Type = type | (schema.Type & JsonSchemaType.Null);
        schema.Description = description;
        schema.Properties?.Clear();
        schema.Required?.Clear();
    }

    private static IEnumerable<string> CodeTexts() =>
    [
        $"{CodeLists.SiteTypes.Name}: {CodeLists.SiteTypes.Allowed}",
        $"{CodeLists.Commercialities.Name}: {CodeLists.Commercialities.Allowed}",
        $"{CodeLists.PaymentMethods.Name}: {CodeLists.PaymentMethods.Allowed}",
        $"{CodeLists.Classifications.Name}: {CodeLists.Classifications.Allowed}",
        $"{CodeLists.AgeCategories.Name}: {CodeLists.AgeCategories.Allowed}",
        $"{CodeLists.GenderCategories.Name}: {CodeLists.GenderCategories.Allowed}",
        $"{CodeLists.ContentTypes.Name}: {CodeLists.ContentTypes.Allowed}",
        $"{CodeLists.ActionTypes.Name}: {CodeLists.ActionTypes.Allowed}",
        $"{CodeLists.ActionReasons.Name}: {CodeLists.ActionReasons.Allowed}",
    ];
}
